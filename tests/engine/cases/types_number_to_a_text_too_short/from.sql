CREATE TABLE parts (id integer PRIMARY KEY, number integer);
INSERT INTO parts VALUES (1, 12), (2, 12345);
