CREATE TABLE people (id integer PRIMARY KEY, mood varchar(10));
INSERT INTO people VALUES (1, 'sad');
