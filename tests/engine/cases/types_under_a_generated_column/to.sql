CREATE TABLE boxes (id integer PRIMARY KEY, width bigint, twice bigint GENERATED ALWAYS AS (width * 2) STORED);
INSERT INTO boxes VALUES (1, 5);
