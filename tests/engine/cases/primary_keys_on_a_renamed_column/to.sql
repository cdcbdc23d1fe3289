CREATE TABLE teams (number integer PRIMARY KEY);
CREATE TABLE users (id integer PRIMARY KEY, team integer CONSTRAINT f REFERENCES teams (number));
INSERT INTO teams VALUES (1);
INSERT INTO users VALUES (1, 1);
