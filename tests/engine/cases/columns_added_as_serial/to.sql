CREATE TABLE notes (title text, number serial);
INSERT INTO notes VALUES ('a'), ('b');
