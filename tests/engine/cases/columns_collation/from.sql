CREATE TABLE names (id integer PRIMARY KEY, name text COLLATE "C");
INSERT INTO names VALUES (1, 'b'), (2, 'A');
