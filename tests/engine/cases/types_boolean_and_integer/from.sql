CREATE TABLE flags (id integer PRIMARY KEY, flag boolean NOT NULL DEFAULT false);
INSERT INTO flags VALUES (1, true), (2, false);
