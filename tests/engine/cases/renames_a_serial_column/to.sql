CREATE TABLE notes (number serial, title text);
INSERT INTO notes (title) VALUES ('a'), ('b');
