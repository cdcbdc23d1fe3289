CREATE TABLE parents (id integer PRIMARY KEY);
CREATE TABLE children (id integer PRIMARY KEY, parent integer REFERENCES parents);
INSERT INTO parents VALUES (1);
INSERT INTO children VALUES (1, 1);
