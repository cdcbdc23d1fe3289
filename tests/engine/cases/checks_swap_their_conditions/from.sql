CREATE TABLE notes (a integer, b integer, CONSTRAINT c1 CHECK (a > 0), CONSTRAINT c2 CHECK (b > 0));
INSERT INTO notes VALUES (1, 1);
