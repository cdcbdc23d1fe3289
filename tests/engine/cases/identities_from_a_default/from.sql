CREATE TABLE notes (id integer NOT NULL DEFAULT 7, title text);
INSERT INTO notes VALUES (3, 'a');
