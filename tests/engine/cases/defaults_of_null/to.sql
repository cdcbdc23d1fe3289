CREATE TABLE notes (id integer, amount integer, body text);
