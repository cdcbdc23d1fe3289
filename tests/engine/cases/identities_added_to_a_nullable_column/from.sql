CREATE TABLE notes (id bigint, title text);
INSERT INTO notes VALUES (7, 'a');
