CREATE TABLE words (id integer PRIMARY KEY, a varchar(20), b text, c text, d char(5));
INSERT INTO words VALUES (1, 'a', 'b', 'c', 'ddd');
