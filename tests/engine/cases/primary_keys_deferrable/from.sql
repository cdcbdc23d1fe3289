CREATE TABLE notes (id integer, CONSTRAINT key PRIMARY KEY (id));
INSERT INTO notes VALUES (1);
