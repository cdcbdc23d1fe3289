CREATE TABLE boxes (id integer PRIMARY KEY, width integer, twice integer NOT NULL DEFAULT 6);
INSERT INTO boxes VALUES (1, 2, 4);
