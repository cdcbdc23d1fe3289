CREATE TABLE notes (id integer, title text);
CREATE INDEX a ON notes (id);
CREATE INDEX b ON notes (title);
INSERT INTO notes VALUES (1, 'a');
