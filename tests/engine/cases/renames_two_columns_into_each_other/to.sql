CREATE TABLE spans (id integer PRIMARY KEY, last integer, first integer, CHECK (last < first));
INSERT INTO spans VALUES (1, 2, 3);
