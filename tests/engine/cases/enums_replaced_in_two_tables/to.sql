CREATE TYPE kind AS ENUM ('c', 'a');
CREATE TABLE kinds (kind kind PRIMARY KEY);
CREATE TABLE things (id integer PRIMARY KEY, kind kind REFERENCES kinds);
INSERT INTO kinds VALUES ('a'), ('c');
INSERT INTO things VALUES (1, 'a');
