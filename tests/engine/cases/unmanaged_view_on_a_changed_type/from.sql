CREATE TABLE notes (id integer PRIMARY KEY, amount integer);
CREATE VIEW amounts AS SELECT amount FROM notes;
INSERT INTO notes VALUES (1, 1);
