CREATE TABLE notes (id integer PRIMARY KEY, heading text NOT NULL DEFAULT 'none');
COMMENT ON COLUMN notes.heading IS 'The title.';
INSERT INTO notes VALUES (1, 'a');
