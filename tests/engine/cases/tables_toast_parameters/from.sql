CREATE TABLE a (id integer, body text) WITH (toast.autovacuum_enabled = false);
CREATE TABLE b (id integer, body text);
