CREATE TABLE notes (id integer, a integer CONSTRAINT c1 CHECK (a > 0), CONSTRAINT c2 CHECK (id > 0) NO INHERIT);
INSERT INTO notes VALUES (1, 1);
