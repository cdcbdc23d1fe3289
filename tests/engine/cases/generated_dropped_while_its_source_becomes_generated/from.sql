CREATE TABLE boxes (id integer PRIMARY KEY, width integer, twice integer GENERATED ALWAYS AS (width * 2) STORED);
INSERT INTO boxes (id, width) VALUES (1, 3);
