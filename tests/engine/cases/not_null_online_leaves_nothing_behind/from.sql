CREATE TABLE notes (id integer PRIMARY KEY, title text);
ALTER TABLE notes ADD CONSTRAINT notes_title__rowhouse_not_null CHECK (title IS NOT NULL) NOT VALID;
INSERT INTO notes VALUES (1, 'a');
