CREATE TABLE teams (id integer, name text);
CREATE UNIQUE INDEX by_id ON teams (id);
CREATE TABLE users (id integer, team integer REFERENCES teams (id));
INSERT INTO teams VALUES (1, 'a');
INSERT INTO users VALUES (1, 1);
