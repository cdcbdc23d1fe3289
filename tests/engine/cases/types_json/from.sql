CREATE TABLE documents (id integer PRIMARY KEY, a json, b text);
INSERT INTO documents VALUES (1, '{"a":1}', '{"b":2}');
