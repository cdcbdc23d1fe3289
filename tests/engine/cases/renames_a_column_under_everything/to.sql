CREATE TABLE teams (number integer CONSTRAINT team_key PRIMARY KEY);
CREATE TABLE users (id integer PRIMARY KEY, crew integer CONSTRAINT in_team REFERENCES teams, CONSTRAINT known CHECK (crew > 0), CONSTRAINT once UNIQUE (crew, id), twice integer GENERATED ALWAYS AS (crew * 2) STORED);
CREATE INDEX by_team ON users (crew DESC, (crew + 1)) INCLUDE (id) WHERE crew IS NOT NULL;
INSERT INTO teams VALUES (1);
INSERT INTO users VALUES (1, 1);
