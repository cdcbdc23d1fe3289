CREATE TABLE teams (id integer PRIMARY KEY, code text UNIQUE);
CREATE TABLE users (id integer PRIMARY KEY, team text REFERENCES teams (code));
INSERT INTO teams VALUES (1, 'a');
INSERT INTO users VALUES (1, 'a');
