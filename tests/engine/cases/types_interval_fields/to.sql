CREATE TABLE spans (id integer PRIMARY KEY, a interval day to minute, b time, c timetz(2));
INSERT INTO spans VALUES (1, '1 day', '10:00', '10:00+00');
