CREATE TABLE hosts (id integer PRIMARY KEY, address text);
INSERT INTO hosts VALUES (1, '10.0.0.1');
