CREATE TABLE teams (id integer PRIMARY KEY);
CREATE TABLE notes (id integer PRIMARY KEY, number integer UNIQUE CHECK (number > 0), team integer REFERENCES teams);
CREATE INDEX notes_numbers ON notes (number, id);
CREATE INDEX notes_teams ON notes (id) WHERE team IS NOT NULL;
COMMENT ON COLUMN notes.number IS 'A number.';
INSERT INTO teams VALUES (1);
INSERT INTO notes VALUES (1, 1, 1), (2, 2, NULL);
