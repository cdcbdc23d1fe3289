CREATE TABLE boxes (id integer PRIMARY KEY, width integer, height integer);
INSERT INTO boxes VALUES (1, 2, 3);
