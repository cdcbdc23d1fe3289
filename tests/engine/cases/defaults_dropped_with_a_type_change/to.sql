CREATE TABLE notes (id integer, amount text NOT NULL);
INSERT INTO notes VALUES (1, '1');
