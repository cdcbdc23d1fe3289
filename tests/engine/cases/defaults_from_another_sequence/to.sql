CREATE SEQUENCE two START 500;
CREATE TABLE tickets (id integer, number bigint DEFAULT nextval('two'));
INSERT INTO tickets VALUES (1, 1);
