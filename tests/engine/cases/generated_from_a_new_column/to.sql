CREATE TABLE boxes (id integer PRIMARY KEY, breadth integer, twice integer GENERATED ALWAYS AS (breadth * 2) STORED, height integer DEFAULT 4, area integer GENERATED ALWAYS AS (breadth * height) STORED);
INSERT INTO boxes VALUES (1, 2);
