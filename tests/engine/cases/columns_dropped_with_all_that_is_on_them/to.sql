CREATE TABLE teams (id integer PRIMARY KEY);
CREATE TABLE notes (id integer PRIMARY KEY);
INSERT INTO teams VALUES (1);
INSERT INTO notes VALUES (1), (2);
