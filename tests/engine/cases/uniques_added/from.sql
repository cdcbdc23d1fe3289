CREATE TABLE notes (id integer, a integer, b text, c text);
INSERT INTO notes VALUES (1, 1, 'a', NULL), (2, 1, 'b', 'x');
