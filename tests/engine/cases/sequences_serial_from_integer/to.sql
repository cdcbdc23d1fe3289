CREATE TABLE notes (id serial, title text, CONSTRAINT one UNIQUE (id));
INSERT INTO notes VALUES (5, 'a'), (9, 'b');
