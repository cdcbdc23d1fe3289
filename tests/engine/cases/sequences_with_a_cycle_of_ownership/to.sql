CREATE TABLE notes (b bigserial, title text);
INSERT INTO notes (title) VALUES ('x');
