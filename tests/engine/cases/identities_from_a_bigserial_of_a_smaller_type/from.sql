CREATE TABLE notes (id bigserial PRIMARY KEY, title text);
INSERT INTO notes (title) VALUES ('a'), ('b');
