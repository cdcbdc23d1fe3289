CREATE TABLE notes (id integer PRIMARY KEY, total bigint NOT NULL DEFAULT 2);
CREATE INDEX by_amount ON notes (total);
COMMENT ON COLUMN notes.total IS 'All of it.';
INSERT INTO notes VALUES (1, 5);
