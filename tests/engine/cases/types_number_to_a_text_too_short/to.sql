CREATE TABLE parts (id integer PRIMARY KEY, number varchar(3));
INSERT INTO parts VALUES (1, '12');
