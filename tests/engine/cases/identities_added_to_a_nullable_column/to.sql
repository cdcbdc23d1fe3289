CREATE TABLE notes (id bigint GENERATED ALWAYS AS IDENTITY, title text);
INSERT INTO notes (title) VALUES ('a');
