CREATE FUNCTION number() RETURNS integer LANGUAGE sql AS 'SELECT 4';
CREATE TABLE notes (id integer, amount integer DEFAULT number());
INSERT INTO notes VALUES (1, 4);
