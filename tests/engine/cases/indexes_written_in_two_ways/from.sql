CREATE TABLE notes (id integer, title varchar, status text);
CREATE INDEX a ON notes (id ASC NULLS LAST);
CREATE INDEX b ON notes (id) WHERE status IN ('x', 'y');
CREATE INDEX c ON notes (lower(title));
CREATE INDEX d ON notes (status) WHERE status IS NOT DISTINCT FROM 'x';
