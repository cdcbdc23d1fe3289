CREATE TABLE notes (id integer, title text);
CREATE UNIQUE INDEX one_title ON notes (title);
INSERT INTO notes VALUES (1, 'a');
