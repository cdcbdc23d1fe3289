CREATE TABLE notes (id integer);
CREATE INDEX old_name ON notes (id);
INSERT INTO notes VALUES (1);
