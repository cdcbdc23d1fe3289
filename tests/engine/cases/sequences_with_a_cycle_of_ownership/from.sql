CREATE TABLE notes (a serial, title text);
INSERT INTO notes (title) VALUES ('x');
