CREATE TABLE notes (id integer PRIMARY KEY, title text NOT NULL DEFAULT 'none');
COMMENT ON COLUMN notes.title IS 'The title.';
INSERT INTO notes VALUES (1, 'a');
