CREATE TABLE notes (id integer PRIMARY KEY, title text);
INSERT INTO notes VALUES (1, 'one'), (2, NULL);
