CREATE TABLE events (id integer PRIMARY KEY, at timestamptz, day timestamp, precise timestamp(6));
INSERT INTO events VALUES (1, '2024-05-06 07:08:09', '2024-05-06', '2024-05-06 07:08:09.123');
