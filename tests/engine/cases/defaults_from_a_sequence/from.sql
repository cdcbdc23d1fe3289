CREATE TABLE tickets (id integer, number bigint);
INSERT INTO tickets VALUES (1, 1);
