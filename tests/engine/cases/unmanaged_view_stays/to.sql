CREATE TABLE notes (id integer PRIMARY KEY, title text NOT NULL, done boolean DEFAULT false);
INSERT INTO notes VALUES (1, 'a');
