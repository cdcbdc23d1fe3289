CREATE TABLE teams (id integer, CONSTRAINT teams_key PRIMARY KEY (id));
CREATE UNIQUE INDEX teams_id ON teams (id);
INSERT INTO teams VALUES (1);
