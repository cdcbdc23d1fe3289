CREATE TABLE a (id integer);
CREATE TABLE b (id integer, n integer, CONSTRAINT positive CHECK (n > 0));
INSERT INTO a VALUES (1);
INSERT INTO b VALUES (1, 2);
