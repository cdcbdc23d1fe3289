CREATE TABLE notes (id integer, amount integer DEFAULT 3 NOT NULL);
INSERT INTO notes VALUES (1, 1);
