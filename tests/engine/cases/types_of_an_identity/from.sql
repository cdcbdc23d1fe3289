CREATE TABLE notes (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text);
INSERT INTO notes (title) VALUES ('a'), ('b');
