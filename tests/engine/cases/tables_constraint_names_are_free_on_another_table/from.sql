CREATE TABLE a (id integer, CONSTRAINT positive CHECK (id > 0));
CREATE TABLE b (id integer, n integer);
INSERT INTO a VALUES (1);
INSERT INTO b VALUES (1, 2);
