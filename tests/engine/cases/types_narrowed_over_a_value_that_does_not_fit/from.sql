CREATE TABLE numbers (id integer PRIMARY KEY, big bigint);
INSERT INTO numbers VALUES (1, 5000000000);
