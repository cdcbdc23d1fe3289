CREATE TYPE odd AS ENUM ('', 'plain', 'it''s', E'back\\slash', 'a,b', '{c}', '"d"', ' e ', 'ü€', 'NULL', 'select');
CREATE TABLE things (id integer PRIMARY KEY, odd odd DEFAULT 'it''s', many odd[] DEFAULT ARRAY['it''s']::odd[]);
INSERT INTO things VALUES (1, 'it''s', ARRAY['it''s']::odd[]);
