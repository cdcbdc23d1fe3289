CREATE TABLE notes (id integer PRIMARY KEY, a text, b integer NOT NULL DEFAULT 7, c numeric(10, 2) DEFAULT 1.5, d timestamptz DEFAULT now(), e text[] DEFAULT '{}', f jsonb NOT NULL DEFAULT '{"a": 1}', g char(3), h bit(4), i interval day to second(3), j time(2), k double precision, l uuid);
INSERT INTO notes (id) VALUES (1), (2);
