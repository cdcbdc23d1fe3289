CREATE TABLE teams (id integer, CONSTRAINT teams_pkey PRIMARY KEY (id));
INSERT INTO teams VALUES (1);
