CREATE TYPE mood AS ENUM ('sad', 'calm', 'happy');
CREATE TABLE people (id integer PRIMARY KEY, mood mood DEFAULT 'sad');
INSERT INTO people VALUES (1, 'happy');
