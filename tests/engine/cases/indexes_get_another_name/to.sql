CREATE TABLE notes (id integer);
CREATE INDEX new_name ON notes (id);
INSERT INTO notes VALUES (1);
