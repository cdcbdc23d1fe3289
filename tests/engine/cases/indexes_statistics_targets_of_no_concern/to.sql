CREATE TABLE notes (id integer, b integer);
INSERT INTO notes VALUES (1, 3);
