CREATE TABLE notes (id integer, title text, CONSTRAINT the_title UNIQUE (title));
INSERT INTO notes VALUES (1, 'a');
