CREATE TABLE notes (id integer PRIMARY KEY, old_title text, body integer);
INSERT INTO notes VALUES (1, 'a', 2);
