CREATE TABLE notes (id integer CONSTRAINT new_name CHECK (id > 0));
INSERT INTO notes VALUES (1);
