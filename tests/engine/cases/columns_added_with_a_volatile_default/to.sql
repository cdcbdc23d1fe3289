CREATE TABLE notes (id integer PRIMARY KEY, token uuid NOT NULL DEFAULT gen_random_uuid(), seen timestamptz DEFAULT clock_timestamp());
INSERT INTO notes (id) VALUES (1), (2);
