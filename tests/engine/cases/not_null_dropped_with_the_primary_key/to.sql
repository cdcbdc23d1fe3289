CREATE TABLE notes (id integer, title text);
INSERT INTO notes VALUES (1, 'a');
