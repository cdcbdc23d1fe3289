CREATE TABLE teams (id serial PRIMARY KEY, name text UNIQUE CHECK (name <> ''), boss integer REFERENCES teams);
CREATE INDEX teams_boss_idx ON teams (boss);
CREATE TABLE users (id integer PRIMARY KEY, team integer REFERENCES teams);
INSERT INTO teams (name) VALUES ('a'), ('b');
INSERT INTO users VALUES (1, 2);
