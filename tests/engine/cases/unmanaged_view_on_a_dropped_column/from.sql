CREATE TABLE notes (id integer PRIMARY KEY, title text);
CREATE VIEW titles AS SELECT id, title FROM notes;
INSERT INTO notes VALUES (1, 'a');
