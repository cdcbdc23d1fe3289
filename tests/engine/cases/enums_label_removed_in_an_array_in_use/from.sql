CREATE TYPE mood AS ENUM ('sad', 'calm', 'happy');
CREATE TABLE people (id integer PRIMARY KEY, moods mood[]);
INSERT INTO people VALUES (1, '{sad,calm}');
