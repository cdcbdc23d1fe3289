CREATE TABLE kept (id integer);
CREATE TABLE pg_classes (id integer, name text);
CREATE TABLE "user" (id integer REFERENCES pg_classes);
