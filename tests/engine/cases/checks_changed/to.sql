CREATE TABLE notes (id integer, a integer CONSTRAINT c1 CHECK (a >= 0 AND a < 100), CONSTRAINT c2 CHECK (id > 0));
INSERT INTO notes VALUES (1, 1);
