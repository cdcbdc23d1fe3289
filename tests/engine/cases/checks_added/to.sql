CREATE TABLE notes (id integer CHECK (id > 0), a integer, b integer, CONSTRAINT ordered CHECK (a < b));
INSERT INTO notes VALUES (1, 1, 2), (2, NULL, NULL);
