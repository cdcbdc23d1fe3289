CREATE TABLE notes (id integer);
INSERT INTO notes VALUES (-1);
ALTER TABLE notes ADD CONSTRAINT positive CHECK (id > 0) NOT VALID;
