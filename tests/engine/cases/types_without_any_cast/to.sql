CREATE TABLE notes (id integer PRIMARY KEY, seen integer);
INSERT INTO notes VALUES (1, 5);
