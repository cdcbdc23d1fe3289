CREATE TABLE notes (id integer PRIMARY KEY, title text);
CREATE TABLE tags (id integer PRIMARY KEY, name text NOT NULL UNIQUE, colour varchar(7) DEFAULT '#fff');
INSERT INTO notes VALUES (1, 'one'), (2, NULL);
INSERT INTO tags VALUES (1, 'red'), (2, 'blue');
