CREATE TABLE bookings (id integer PRIMARY KEY, during int4range, room text);
INSERT INTO bookings VALUES (1, '[1,3)');
