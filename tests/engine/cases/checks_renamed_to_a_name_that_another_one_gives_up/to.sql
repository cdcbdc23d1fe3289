CREATE TABLE notes (a integer, b integer, CONSTRAINT other CHECK (a > 0));
INSERT INTO notes VALUES (1, 1);
