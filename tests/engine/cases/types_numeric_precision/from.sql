CREATE TABLE prices (id integer PRIMARY KEY, a numeric(8, 2), b numeric, c numeric(5, 1));
INSERT INTO prices VALUES (1, 1.25, 2.5, 3.5);
