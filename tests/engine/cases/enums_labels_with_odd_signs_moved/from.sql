CREATE TYPE odd AS ENUM ('gone', E'back\\slash', 'a,b', 'it''s', '"d"', 'NULL');
CREATE TABLE things (id integer PRIMARY KEY, odd odd, many odd[]);
INSERT INTO things VALUES (1, E'back\\slash', ARRAY['a,b', 'it''s']::odd[]), (2, '"d"', ARRAY['NULL', NULL]::odd[]);
