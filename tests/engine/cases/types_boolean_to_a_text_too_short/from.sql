CREATE TABLE parts (id integer PRIMARY KEY, is_spare boolean);
INSERT INTO parts VALUES (1, true), (2, false);
