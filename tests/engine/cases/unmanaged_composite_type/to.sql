CREATE TYPE pair AS (a integer, b integer);
CREATE TABLE notes (id bigint, pair pair, pairs pair[]);
INSERT INTO notes VALUES (1, '(1,2)');
