CREATE TABLE notes (id integer, title text, CONSTRAINT key PRIMARY KEY (id));
CREATE INDEX by_title ON notes (title);
INSERT INTO notes VALUES (1, 'a');
