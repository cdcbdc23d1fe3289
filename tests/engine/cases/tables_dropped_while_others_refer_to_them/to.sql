CREATE TABLE users (id integer PRIMARY KEY, team integer);
INSERT INTO users VALUES (1, NULL), (2, NULL);
