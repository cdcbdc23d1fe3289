CREATE TABLE teams (id integer PRIMARY KEY);
CREATE TABLE users (id integer PRIMARY KEY, team integer NOT NULL REFERENCES teams ON DELETE CASCADE, boss integer REFERENCES users);
INSERT INTO teams VALUES (1), (2);
INSERT INTO users VALUES (1, 1, NULL), (2, 2, 1);
