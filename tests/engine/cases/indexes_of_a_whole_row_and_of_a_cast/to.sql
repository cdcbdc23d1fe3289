CREATE TABLE notes (id integer, title text, data jsonb);
CREATE INDEX a ON notes ((data ->> 'a'));
CREATE INDEX b ON notes (((data ->> 'b')::integer)) WHERE data ? 'b';
CREATE INDEX c ON notes ((CASE WHEN id > 1 THEN 'x''y' ELSE title END));
CREATE UNIQUE INDEX d ON notes ((1)) WHERE id = 1;
INSERT INTO notes VALUES (1, 'a', '{"a": 1}');
