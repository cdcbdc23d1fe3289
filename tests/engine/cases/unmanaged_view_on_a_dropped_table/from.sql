CREATE TABLE notes (id integer PRIMARY KEY, title text);
CREATE TABLE kept (id integer);
CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS notes FROM notes;
