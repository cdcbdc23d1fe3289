CREATE TABLE notes (id integer, a integer, b integer, c integer);
COMMENT ON TABLE notes IS 'plain';
COMMENT ON COLUMN notes.a IS 'it''s "quoted"';
COMMENT ON COLUMN notes.c IS 'gone';
