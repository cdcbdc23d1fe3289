CREATE TABLE notes (id integer PRIMARY KEY, title text NOT NULL);
INSERT INTO notes VALUES (1, 'a'), (2, 'b');
