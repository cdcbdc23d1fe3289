CREATE SEQUENCE numbers START 1000;
CREATE TABLE tickets (id integer, number bigint DEFAULT nextval('numbers'));
INSERT INTO tickets VALUES (1, 1);
