CREATE TABLE kept (id integer);
CREATE TABLE pg_class (id integer, name text);
INSERT INTO pg_class VALUES (1, 'a');
