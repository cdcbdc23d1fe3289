CREATE TABLE notes (id integer NOT NULL, a integer, b integer, c text);
INSERT INTO notes VALUES (1, 1, 1);
