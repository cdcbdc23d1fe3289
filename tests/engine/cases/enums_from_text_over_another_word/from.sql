CREATE TABLE people (id integer PRIMARY KEY, mood text);
INSERT INTO people VALUES (1, 'angry');
