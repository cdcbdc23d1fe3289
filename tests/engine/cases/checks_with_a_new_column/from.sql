CREATE TABLE notes (id integer, a integer);
INSERT INTO notes VALUES (1, 1);
