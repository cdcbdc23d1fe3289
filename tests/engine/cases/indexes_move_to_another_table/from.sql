CREATE TABLE a (id integer);
CREATE TABLE b (id integer);
CREATE INDEX the_index ON a (id);
INSERT INTO a VALUES (1);
INSERT INTO b VALUES (1);
