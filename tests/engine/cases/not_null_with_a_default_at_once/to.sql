CREATE TABLE notes (id integer PRIMARY KEY, title text NOT NULL DEFAULT '');
INSERT INTO notes VALUES (1, 'a');
