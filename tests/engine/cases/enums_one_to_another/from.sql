CREATE TYPE one AS ENUM ('a', 'b');
CREATE TABLE things (id integer PRIMARY KEY, kind one DEFAULT 'a');
INSERT INTO things VALUES (1, 'b');
