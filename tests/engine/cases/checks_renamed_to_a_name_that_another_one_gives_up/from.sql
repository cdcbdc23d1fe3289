CREATE TABLE notes (a integer, b integer, CONSTRAINT one CHECK (a > 0), CONSTRAINT other CHECK (b > 0));
INSERT INTO notes VALUES (1, 1);
