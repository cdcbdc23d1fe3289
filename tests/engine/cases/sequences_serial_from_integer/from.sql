CREATE TABLE notes (id integer NOT NULL, title text);
INSERT INTO notes VALUES (5, 'a'), (9, 'b');
