CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TYPE state AS ENUM ('open', 'done');
CREATE TABLE people (id integer PRIMARY KEY, mood mood NOT NULL DEFAULT 'sad', state state[]);
CREATE INDEX sad ON people (id) WHERE mood = 'sad'::mood;
INSERT INTO people VALUES (1, 'sad', '{open}'), (2, 'happy', '{done}');
