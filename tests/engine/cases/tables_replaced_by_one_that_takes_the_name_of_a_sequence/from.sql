CREATE SEQUENCE tickets;
CREATE TABLE numbers (id integer);
