CREATE TABLE notes (id integer, title text);
CREATE TABLE titles (id integer);
INSERT INTO notes VALUES (1, 'one');
