CREATE TABLE teams (id integer PRIMARY KEY);
CREATE TABLE users (id integer PRIMARY KEY, team integer REFERENCES teams);
INSERT INTO teams VALUES (7);
INSERT INTO users VALUES (1, 7), (2, NULL);
