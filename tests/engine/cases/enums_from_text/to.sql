CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE people (id integer PRIMARY KEY, mood mood NOT NULL DEFAULT 'sad');
CREATE INDEX by_mood ON people (mood);
INSERT INTO people VALUES (1, 'sad'), (2, 'happy');
