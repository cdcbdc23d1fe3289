CREATE TABLE notes (id integer, title varchar, status text);
CREATE INDEX a ON notes USING btree (id);
CREATE INDEX b ON notes (id) WHERE (status = ANY (ARRAY['x'::text, 'y'::text]));
CREATE INDEX c ON notes (lower((title)::text));
CREATE INDEX d ON notes (status) WHERE NOT (status IS DISTINCT FROM 'x'::text);
