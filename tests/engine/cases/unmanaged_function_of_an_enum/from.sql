CREATE TYPE mood AS ENUM ('sad', 'calm', 'happy');
CREATE FUNCTION is_good(mood) RETURNS boolean LANGUAGE sql AS 'SELECT $1::text = ''happy''';
CREATE TABLE people (id integer, mood mood);
