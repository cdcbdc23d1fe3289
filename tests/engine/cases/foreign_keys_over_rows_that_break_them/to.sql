CREATE TABLE teams (id integer PRIMARY KEY);
CREATE TABLE users (id integer PRIMARY KEY, team integer CONSTRAINT in_team REFERENCES teams);
