CREATE TABLE words (id integer PRIMARY KEY, word character(4));
INSERT INTO words VALUES (1, 'fits');
