CREATE FUNCTION number() RETURNS integer LANGUAGE sql AS 'SELECT 4';
CREATE TABLE notes (id integer, amount integer DEFAULT 5, other integer DEFAULT number() + 1);
INSERT INTO notes VALUES (1, 4, 5);
