CREATE TABLE words (id integer PRIMARY KEY, a varchar(10), b varchar(10));
INSERT INTO words VALUES (1, 'a', 'b');
