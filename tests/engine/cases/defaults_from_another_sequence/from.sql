CREATE SEQUENCE one;
CREATE TABLE tickets (id integer, number bigint DEFAULT nextval('one'));
INSERT INTO tickets VALUES (1, 1);
