CREATE TABLE notes (id integer, a integer, CONSTRAINT one_a UNIQUE (a));
