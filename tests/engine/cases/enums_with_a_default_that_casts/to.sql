CREATE TYPE mood AS ENUM ('happy', 'sad');
CREATE TABLE people (id integer PRIMARY KEY, mood mood DEFAULT CASE WHEN random() > 2 THEN 'sad'::mood ELSE 'happy'::mood END, word text DEFAULT 'sad'::mood::text);
INSERT INTO people VALUES (1, 'happy', 'x');
