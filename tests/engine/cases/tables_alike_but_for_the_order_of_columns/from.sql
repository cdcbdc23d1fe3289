CREATE TABLE notes (id integer PRIMARY KEY, title text, body text);
INSERT INTO notes VALUES (1, 'title', 'body');
