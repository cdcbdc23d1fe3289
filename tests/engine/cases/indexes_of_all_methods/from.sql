CREATE TABLE notes (id integer PRIMARY KEY, title text, tags text[], data jsonb, span int4range, at timestamptz, place point, words tsvector);
INSERT INTO notes VALUES (1, 'a', '{x}', '{}', '[1,2)', now(), '(1,1)', 'a b');
