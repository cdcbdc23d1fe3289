CREATE TABLE notes (id integer, title text);
CREATE INDEX titles ON notes (title);
INSERT INTO notes VALUES (1, 'one');
