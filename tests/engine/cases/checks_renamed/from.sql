CREATE TABLE notes (id integer CONSTRAINT old_name CHECK (id > 0));
INSERT INTO notes VALUES (1);
