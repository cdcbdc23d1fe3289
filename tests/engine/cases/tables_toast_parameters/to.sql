CREATE TABLE a (id integer, body text);
CREATE TABLE b (id integer, body text) WITH (toast.autovacuum_vacuum_threshold = 10);
