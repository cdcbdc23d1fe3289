CREATE TABLE people (id integer PRIMARY KEY, mood varchar(3) NOT NULL DEFAULT 'sad');
INSERT INTO people VALUES (1, 'sad');
