CREATE TABLE mood (id integer);
CREATE TABLE kept (id integer);
