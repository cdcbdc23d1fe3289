CREATE TABLE notes (id integer, a integer DEFAULT 2, b text DEFAULT E'back\\slash', c text, d timestamptz DEFAULT '2020-01-01 00:00:00+00', e integer[] DEFAULT '{}');
INSERT INTO notes VALUES (1, 1, NULL, 'it''s', '2024-01-01', '{1,2}');
