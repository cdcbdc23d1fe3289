CREATE TABLE notes (id integer UNIQUE, a integer, b text, c text UNIQUE NULLS NOT DISTINCT, CONSTRAINT pair UNIQUE (a, b) INCLUDE (id) WITH (fillfactor = 60), CONSTRAINT later UNIQUE (b) DEFERRABLE INITIALLY DEFERRED);
INSERT INTO notes VALUES (1, 1, 'a', NULL), (2, 1, 'b', 'x');
