CREATE TABLE spans (id integer, first integer, last integer, CONSTRAINT ordered CHECK (first < last));
INSERT INTO spans VALUES (1, 1, 2);
