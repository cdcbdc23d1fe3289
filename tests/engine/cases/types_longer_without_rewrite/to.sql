CREATE TABLE words (id integer PRIMARY KEY, a varchar(50), b text);
INSERT INTO words VALUES (1, 'a', 'b');
