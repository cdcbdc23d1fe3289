CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE people (id integer PRIMARY KEY, feeling mood DEFAULT 'sad');
INSERT INTO people VALUES (1, 'happy');
