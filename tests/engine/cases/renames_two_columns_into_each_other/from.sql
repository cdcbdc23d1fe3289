CREATE TABLE spans (id integer PRIMARY KEY, first integer, last integer, CHECK (first < last));
INSERT INTO spans VALUES (1, 2, 3);
