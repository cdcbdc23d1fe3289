CREATE TABLE notes (id integer);
INSERT INTO notes VALUES (-1);
