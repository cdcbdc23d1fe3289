CREATE TABLE teams (id integer CONSTRAINT team_key PRIMARY KEY);
CREATE TABLE users (id integer PRIMARY KEY, team integer CONSTRAINT in_team REFERENCES teams, CONSTRAINT known CHECK (team > 0), CONSTRAINT once UNIQUE (team, id), twice integer GENERATED ALWAYS AS (team * 2) STORED);
CREATE INDEX by_team ON users (team DESC, (team + 1)) INCLUDE (id) WHERE team IS NOT NULL;
INSERT INTO teams VALUES (1);
INSERT INTO users VALUES (1, 1);
