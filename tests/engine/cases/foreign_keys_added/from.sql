CREATE TABLE teams (id integer PRIMARY KEY);
CREATE TABLE users (id integer PRIMARY KEY, team integer);
INSERT INTO teams VALUES (1);
INSERT INTO users VALUES (1, 1), (2, NULL);
