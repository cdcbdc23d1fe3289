CREATE TABLE notes (id integer, title text, gone boolean);
CREATE UNIQUE INDEX one_title ON notes (title) WHERE NOT gone;
INSERT INTO notes VALUES (1, 'a', true), (2, 'a', true), (3, 'a', false), (4, NULL, false), (5, NULL, false);
