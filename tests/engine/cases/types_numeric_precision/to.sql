CREATE TABLE prices (id integer PRIMARY KEY, a numeric(12, 2), b numeric(6, 3), c numeric);
INSERT INTO prices VALUES (1, 1.25, 2.5, 3.5);
