CREATE TABLE notes (id integer, a integer, b integer);
CREATE INDEX of_a ON notes (a);
CREATE INDEX of_both ON notes (a, b);
CREATE INDEX of_b ON notes (b) WHERE a > 0;
INSERT INTO notes VALUES (1, 2, 3);
