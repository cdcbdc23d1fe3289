CREATE TABLE kept (id bigint);
CREATE TABLE pg_class (id integer, name text);
CREATE TABLE "user" (id integer UNIQUE);
INSERT INTO kept VALUES (1);
