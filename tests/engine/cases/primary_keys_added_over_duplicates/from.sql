CREATE TABLE notes (id integer NOT NULL, title text);
INSERT INTO notes VALUES (1, 'a'), (1, 'b');
