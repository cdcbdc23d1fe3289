CREATE TABLE numbers (id integer PRIMARY KEY, a smallint, b integer, c real);
CREATE INDEX numbers_b ON numbers (b);
INSERT INTO numbers VALUES (1, 1, 1, 1.5), (2, NULL, -7, NULL);
