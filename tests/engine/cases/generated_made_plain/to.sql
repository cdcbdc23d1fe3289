CREATE TABLE boxes (id integer PRIMARY KEY, width integer, twice integer);
INSERT INTO boxes VALUES (1, 2, 4);
