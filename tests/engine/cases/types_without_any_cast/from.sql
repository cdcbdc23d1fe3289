CREATE TABLE notes (id integer PRIMARY KEY, seen timestamptz);
INSERT INTO notes VALUES (1, '2024-01-01');
