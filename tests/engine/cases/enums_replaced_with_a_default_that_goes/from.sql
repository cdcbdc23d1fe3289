CREATE TYPE mood AS ENUM ('unknown', 'sad', 'happy');
CREATE TABLE people (id integer PRIMARY KEY, mood mood NOT NULL DEFAULT 'unknown');
INSERT INTO people VALUES (1, 'sad');
