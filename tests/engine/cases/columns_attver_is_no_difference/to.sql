CREATE TABLE notes (id integer, amount bigint DEFAULT 0);
