CREATE TABLE notes (id integer CONSTRAINT positive CHECK (id > 0));
