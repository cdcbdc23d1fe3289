CREATE TABLE notes (id integer, title text);
CREATE INDEX a ON notes (title);
CREATE INDEX b ON notes (id);
INSERT INTO notes VALUES (1, 'a');
