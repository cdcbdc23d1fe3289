CREATE TABLE notes (id integer, amount integer DEFAULT NULL, body text DEFAULT NULL::text);
