CREATE TABLE notes (id serial, title text);
INSERT INTO notes (title) VALUES ('a'), ('b');
