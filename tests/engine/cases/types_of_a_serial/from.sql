CREATE TABLE notes (id serial PRIMARY KEY, title text);
INSERT INTO notes (title) VALUES ('a'), ('b');
