CREATE TABLE notes (body text, id integer PRIMARY KEY, title text);
INSERT INTO notes VALUES ('body', 1, 'title');
