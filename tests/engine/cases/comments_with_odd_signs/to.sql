CREATE TABLE notes (id integer, a integer, b integer, c integer);
COMMENT ON TABLE notes IS E'back\\slash $$ dollar $1 %s; DROP TABLE notes; /* no */';
COMMENT ON COLUMN notes.a IS E'two\nlines\tand a tab';
COMMENT ON COLUMN notes.b IS 'ünïcödé 漢字 🦀';
COMMENT ON COLUMN notes.c IS '';
