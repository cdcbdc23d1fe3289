CREATE TABLE flags (id integer PRIMARY KEY, flag integer NOT NULL DEFAULT 0);
INSERT INTO flags VALUES (1, 1), (2, 0);
