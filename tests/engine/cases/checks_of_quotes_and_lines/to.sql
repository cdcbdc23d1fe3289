CREATE TABLE notes (id integer, title text, CONSTRAINT c1 CHECK (title <> 'it''s'), CONSTRAINT c2 CHECK (title <> E'back\\slash\nand line'), CONSTRAINT c3 CHECK (CASE WHEN id > 5 THEN title IS NOT NULL ELSE true END), CONSTRAINT c4 CHECK (title ~ '^[a-z]+$'));
INSERT INTO notes VALUES (1, 'fine');
