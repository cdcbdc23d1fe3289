CREATE TABLE boxes (id integer PRIMARY KEY, width integer, height integer, twice integer GENERATED ALWAYS AS (width * 2) STORED, half integer GENERATED ALWAYS AS (width / 2) STORED);
INSERT INTO boxes VALUES (1, 6, 8);
