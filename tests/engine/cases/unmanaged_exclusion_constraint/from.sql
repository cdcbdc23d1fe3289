CREATE TABLE bookings (id integer PRIMARY KEY, during int4range, CONSTRAINT apart EXCLUDE USING gist (during WITH &&));
INSERT INTO bookings VALUES (1, '[1,3)');
