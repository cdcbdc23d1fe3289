CREATE TABLE kept (id integer);
CREATE TABLE pg_class (id integer, name text);
INSERT INTO kept VALUES (1);
