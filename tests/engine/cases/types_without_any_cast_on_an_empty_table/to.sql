CREATE TABLE notes (id integer PRIMARY KEY, seen integer DEFAULT 1, flag date);
