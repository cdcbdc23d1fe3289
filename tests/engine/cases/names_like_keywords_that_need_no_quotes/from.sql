CREATE TABLE type (name text, date date, text text, key integer, "timestamp" timestamp);
INSERT INTO type VALUES ('a', '2024-01-01', 'b', 1, '2024-01-01');
