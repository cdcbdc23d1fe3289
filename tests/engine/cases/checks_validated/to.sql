CREATE TABLE notes (id integer CONSTRAINT positive CHECK (id > 0));
INSERT INTO notes VALUES (1);
