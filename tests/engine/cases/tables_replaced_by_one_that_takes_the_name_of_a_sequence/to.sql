CREATE TABLE tickets (id integer);
CREATE SEQUENCE numbers;
