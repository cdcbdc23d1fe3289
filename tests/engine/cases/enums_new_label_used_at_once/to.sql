CREATE TYPE mood AS ENUM ('sad', 'calm', 'happy');
CREATE TABLE people (id integer PRIMARY KEY, mood mood DEFAULT 'calm', CONSTRAINT known CHECK (mood IN ('sad', 'calm')), other mood NOT NULL DEFAULT 'calm');
CREATE INDEX calm_people ON people (id) WHERE mood = 'calm';
INSERT INTO people VALUES (1, 'sad', 'sad');
