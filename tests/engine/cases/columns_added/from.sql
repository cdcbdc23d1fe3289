CREATE TABLE notes (id integer PRIMARY KEY);
INSERT INTO notes VALUES (1), (2);
