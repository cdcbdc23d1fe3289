CREATE TABLE documents (id integer PRIMARY KEY, a jsonb, b json);
INSERT INTO documents VALUES (1, '{"a":1}', '{"b":2}');
