CREATE TABLE people (id integer PRIMARY KEY, mood varchar(10) CHECK (mood IN ('sad', 'happy')));
CREATE INDEX sad ON people (id) WHERE mood IN ('sad', 'it''s');
INSERT INTO people VALUES (1, 'sad');
