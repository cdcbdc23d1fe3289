CREATE TABLE teams (code text CONSTRAINT old_name UNIQUE);
CREATE TABLE users (team text CONSTRAINT in_team REFERENCES teams (code));
INSERT INTO teams VALUES ('a');
INSERT INTO users VALUES ('a');
