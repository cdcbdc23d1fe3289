CREATE TABLE a (id integer) WITH (fillfactor = 70, autovacuum_enabled = false);
CREATE TABLE b (id integer);
INSERT INTO a VALUES (1);
