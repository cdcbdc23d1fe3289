CREATE TABLE a (id integer) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
CREATE TABLE b (id integer) WITH (parallel_workers = 2);
INSERT INTO a VALUES (1);
