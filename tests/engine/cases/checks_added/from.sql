CREATE TABLE notes (id integer, a integer, b integer);
INSERT INTO notes VALUES (1, 1, 2), (2, NULL, NULL);
