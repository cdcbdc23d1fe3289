CREATE TABLE teams (code text NOT NULL UNIQUE, id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
CREATE TABLE users (id integer PRIMARY KEY, team text REFERENCES teams (code));
INSERT INTO teams VALUES ('a'), ('b');
INSERT INTO users VALUES (1, 'a');
