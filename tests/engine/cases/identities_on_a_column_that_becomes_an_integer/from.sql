CREATE TABLE notes (id text NOT NULL, title text);
INSERT INTO notes VALUES ('7', 'a');
