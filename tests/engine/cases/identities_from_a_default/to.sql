CREATE TABLE notes (id integer GENERATED ALWAYS AS IDENTITY, title text);
INSERT INTO notes (title) VALUES ('a');
