CREATE TABLE type (name varchar(20) NOT NULL, date date, text text DEFAULT 'x', key bigint, "timestamp" timestamp, value numeric, "row" integer, "values" integer, "interval" interval);
CREATE INDEX key ON type (key, "row");
INSERT INTO type VALUES ('a', '2024-01-01', 'b', 1, '2024-01-01');
