CREATE TABLE notes (id integer, a integer CONSTRAINT positive CHECK (a > 0));
