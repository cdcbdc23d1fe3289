CREATE TABLE spans (id integer, first integer, CONSTRAINT ordered CHECK (first > 0));
INSERT INTO spans VALUES (1, 1);
