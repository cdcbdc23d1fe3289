CREATE TABLE notes (id integer, title text, body text, done boolean);
INSERT INTO notes VALUES (1, 'A', NULL, true);
