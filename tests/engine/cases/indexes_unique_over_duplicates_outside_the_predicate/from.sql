CREATE TABLE notes (id integer, title text, gone boolean);
INSERT INTO notes VALUES (1, 'a', true), (2, 'a', true), (3, 'a', false), (4, NULL, false), (5, NULL, false);
