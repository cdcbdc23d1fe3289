CREATE TABLE teams (id integer PRIMARY KEY);
CREATE TABLE users (id integer PRIMARY KEY, team integer);
INSERT INTO users VALUES (1, 9);
