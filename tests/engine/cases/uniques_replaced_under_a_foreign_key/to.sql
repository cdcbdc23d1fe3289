CREATE TABLE teams (id integer NOT NULL, CONSTRAINT main PRIMARY KEY (id));
CREATE TABLE users (id integer PRIMARY KEY, team integer, CONSTRAINT in_team FOREIGN KEY (team) REFERENCES teams (id));
INSERT INTO teams VALUES (1);
INSERT INTO users VALUES (1, 1);
