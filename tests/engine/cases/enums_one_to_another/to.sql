CREATE TYPE two AS ENUM ('b', 'a', 'c');
CREATE TABLE things (id integer PRIMARY KEY, kind two DEFAULT 'a');
INSERT INTO things VALUES (1, 'b');
