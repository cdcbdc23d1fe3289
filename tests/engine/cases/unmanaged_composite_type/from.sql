CREATE TYPE pair AS (a integer, b integer);
CREATE TABLE notes (id integer, pair pair);
INSERT INTO notes VALUES (1, '(1,2)');
