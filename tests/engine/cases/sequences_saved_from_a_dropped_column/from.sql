CREATE TABLE a (id serial, x integer);
INSERT INTO a (x) VALUES (1);
