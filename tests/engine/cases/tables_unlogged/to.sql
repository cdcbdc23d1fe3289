CREATE TABLE counters (id serial PRIMARY KEY, hits integer);
INSERT INTO counters (hits) VALUES (1), (2);
