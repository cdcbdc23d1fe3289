CREATE TABLE groups (id serial PRIMARY KEY, name text UNIQUE CHECK (name <> ''), boss integer REFERENCES groups);
CREATE INDEX groups_boss_idx ON groups (boss);
CREATE TABLE users (id integer PRIMARY KEY, team integer REFERENCES groups);
INSERT INTO groups (name) VALUES ('a'), ('b');
INSERT INTO users VALUES (1, 2);
