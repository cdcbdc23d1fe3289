CREATE TABLE notes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text);
INSERT INTO notes (title) VALUES ('a'), ('b');
