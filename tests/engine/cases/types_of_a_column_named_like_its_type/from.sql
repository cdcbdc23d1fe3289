CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TYPE state AS ENUM ('open', 'done');
CREATE TABLE people (id integer PRIMARY KEY, mood text NOT NULL DEFAULT 'sad', state state, CHECK (state <> 'done'::state OR id > 0));
CREATE INDEX sad ON people (id) WHERE mood = 'sad';
INSERT INTO people VALUES (1, 'sad', 'open'), (2, 'happy', 'done');
