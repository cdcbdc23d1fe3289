CREATE TABLE notes (id integer, a integer, b integer DEFAULT 5, CONSTRAINT ordered CHECK (a < b));
INSERT INTO notes VALUES (1, 1, 5);
