CREATE TABLE teams (id integer PRIMARY KEY, code text);
CREATE TABLE users (id integer PRIMARY KEY, team text);
INSERT INTO teams VALUES (1, 'a');
INSERT INTO users VALUES (1, 'a');
