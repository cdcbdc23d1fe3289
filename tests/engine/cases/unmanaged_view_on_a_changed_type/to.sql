CREATE TABLE notes (id integer PRIMARY KEY, amount bigint);
INSERT INTO notes VALUES (1, 1);
