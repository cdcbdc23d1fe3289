CREATE TABLE boxes (id integer PRIMARY KEY, width text, height integer, half integer GENERATED ALWAYS AS (height / 2) STORED);
INSERT INTO boxes VALUES (1, '6', 8);
