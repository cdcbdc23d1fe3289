CREATE TABLE notes (id integer, a integer DEFAULT 1, b text, c text DEFAULT 'it''s', d timestamptz DEFAULT now(), e integer[] DEFAULT ARRAY[1, 2]);
INSERT INTO notes (id) VALUES (1);
