CREATE TABLE flags (id integer, on_off boolean DEFAULT true, amount integer DEFAULT 12);
INSERT INTO flags VALUES (1, false, 1), (2, true, 2);
