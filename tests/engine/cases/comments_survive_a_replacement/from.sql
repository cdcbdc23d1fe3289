CREATE TABLE notes (id integer CONSTRAINT c CHECK (id > 0), a text CONSTRAINT u UNIQUE);
CREATE INDEX i ON notes (a);
COMMENT ON CONSTRAINT c ON notes IS 'The check.';
COMMENT ON CONSTRAINT u ON notes IS 'The unique.';
COMMENT ON INDEX i IS 'The index.';
COMMENT ON COLUMN notes.a IS 'The column.';
INSERT INTO notes VALUES (1, '1');
