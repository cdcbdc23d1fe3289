CREATE TABLE notes (id integer NOT NULL, a text NOT NULL, b text NOT NULL, c text NOT NULL CHECK (c IS NOT NULL));
INSERT INTO notes VALUES (1, 'a', 'b', 'c');
