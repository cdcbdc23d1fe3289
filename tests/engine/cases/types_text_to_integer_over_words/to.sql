CREATE TABLE notes (id integer PRIMARY KEY, amount integer);
INSERT INTO notes VALUES (1, 10);
