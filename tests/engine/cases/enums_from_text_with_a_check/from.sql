CREATE TABLE people (id integer PRIMARY KEY, mood text CHECK (mood IN ('sad', 'happy')));
INSERT INTO people VALUES (1, 'sad'), (2, NULL);
