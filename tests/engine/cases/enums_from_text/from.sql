CREATE TABLE people (id integer PRIMARY KEY, mood text NOT NULL DEFAULT 'sad');
CREATE INDEX by_mood ON people (mood);
INSERT INTO people VALUES (1, 'sad'), (2, 'happy');
