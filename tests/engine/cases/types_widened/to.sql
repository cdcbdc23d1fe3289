CREATE TABLE numbers (id bigint PRIMARY KEY, a integer, b bigint, c double precision);
CREATE INDEX numbers_b ON numbers (b);
INSERT INTO numbers VALUES (1, 1, 1, 1.5), (2, NULL, -7, NULL);
