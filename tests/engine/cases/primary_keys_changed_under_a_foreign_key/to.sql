CREATE TABLE teams (id integer, name text, CONSTRAINT teams_key PRIMARY KEY (id) INCLUDE (name));
CREATE TABLE users (id integer CONSTRAINT users_key PRIMARY KEY, team integer REFERENCES teams, friend integer REFERENCES users);
INSERT INTO teams VALUES (1, 'a');
INSERT INTO users VALUES (1, 1, 1);
