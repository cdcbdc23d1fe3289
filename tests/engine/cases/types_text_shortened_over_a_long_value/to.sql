CREATE TABLE words (id integer PRIMARY KEY, word varchar(4));
INSERT INTO words VALUES (1, 'fits');
