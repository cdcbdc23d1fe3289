CREATE TABLE numbers (id integer PRIMARY KEY, big integer);
INSERT INTO numbers VALUES (1, 5);
