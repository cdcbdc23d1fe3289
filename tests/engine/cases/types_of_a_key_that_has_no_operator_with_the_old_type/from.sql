CREATE TABLE teams (id text PRIMARY KEY);
CREATE TABLE users (id integer PRIMARY KEY, team text REFERENCES teams);
INSERT INTO teams VALUES ('6f0c3a3e-7d0b-4a06-9c65-0d1f0a6f2d11');
INSERT INTO users VALUES (1, '6f0c3a3e-7d0b-4a06-9c65-0d1f0a6f2d11');
