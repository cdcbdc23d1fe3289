CREATE TABLE people (id integer PRIMARY KEY, mood varchar(10) CHECK (mood IN ('sad', 'happy')));
INSERT INTO people VALUES (1, 'sad'), (2, NULL);
