CREATE TABLE notes (id integer, title text, data jsonb);
INSERT INTO notes VALUES (1, 'a', '{"a": 1}');
