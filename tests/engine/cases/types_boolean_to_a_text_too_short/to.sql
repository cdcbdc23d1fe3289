CREATE TABLE parts (id integer PRIMARY KEY, is_spare varchar(4));
INSERT INTO parts VALUES (1, 'true');
