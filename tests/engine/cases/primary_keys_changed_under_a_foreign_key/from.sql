CREATE TABLE teams (id integer, name text, CONSTRAINT teams_key PRIMARY KEY (id));
CREATE TABLE users (id integer PRIMARY KEY, team integer REFERENCES teams, friend integer REFERENCES users);
INSERT INTO teams VALUES (1, 'a');
INSERT INTO users VALUES (1, 1, 1);
