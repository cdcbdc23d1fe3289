CREATE TABLE notes (id integer, a text, b text, c text CHECK (c IS NOT NULL));
INSERT INTO notes VALUES (1, 'a', 'b', 'c');
