CREATE TABLE notes (id integer PRIMARY KEY, title text);
INSERT INTO notes VALUES (1, NULL), (2, 'b');
