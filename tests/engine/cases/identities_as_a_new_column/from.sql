CREATE TABLE notes (title text);
INSERT INTO notes VALUES ('a'), ('b');
