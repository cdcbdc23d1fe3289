CREATE TABLE boxes (id integer PRIMARY KEY, width integer GENERATED ALWAYS AS (id + 1) STORED);
INSERT INTO boxes (id) VALUES (1);
