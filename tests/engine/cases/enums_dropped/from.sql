CREATE TYPE mood AS ENUM ('sad');
CREATE TYPE lonely AS ENUM ();
CREATE TABLE people (id integer PRIMARY KEY, mood mood, moods mood[]);
INSERT INTO people VALUES (1, 'sad', '{sad}');
