CREATE TABLE notes (title text, id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
INSERT INTO notes VALUES ('a'), ('b');
