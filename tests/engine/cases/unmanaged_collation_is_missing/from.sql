CREATE TABLE notes (id integer, title text);
