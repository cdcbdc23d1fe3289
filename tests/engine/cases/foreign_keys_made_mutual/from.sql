CREATE TABLE a (id integer PRIMARY KEY, b integer);
CREATE TABLE b (id integer PRIMARY KEY, a integer);
INSERT INTO a VALUES (1, 1);
INSERT INTO b VALUES (1, 1);
