CREATE TYPE state AS ENUM ('new', 'odd', 'open', 'closed');
CREATE TABLE tickets (id integer PRIMARY KEY, state state NOT NULL DEFAULT 'new', history state[] DEFAULT '{new}', owner integer, CONSTRAINT known CHECK (state <> 'closed' OR owner IS NOT NULL), is_open boolean GENERATED ALWAYS AS (state = 'open') STORED);
CREATE UNIQUE INDEX one_open ON tickets (owner) WHERE state = 'open';
CREATE INDEX by_state ON tickets (state, (state = 'new'));
COMMENT ON TYPE state IS 'Where it stands.';
COMMENT ON INDEX one_open IS 'One at a time.';
INSERT INTO tickets VALUES (1, 'new', '{new,open}', NULL), (2, 'open', NULL, 5);
