CREATE TABLE spans (id integer PRIMARY KEY, a interval, b time(3), c timetz);
INSERT INTO spans VALUES (1, '1 day', '10:00', '10:00+00');
