CREATE TABLE p (id integer PRIMARY KEY);
CREATE TABLE c (id integer, a integer DEFAULT 1, b integer, d integer, e integer DEFAULT 1, f integer);
INSERT INTO p VALUES (1);
INSERT INTO c VALUES (1, 1, 1, 1, 1, 1);
