CREATE TABLE notes (id integer, status varchar(10) CHECK (status IN ('x', 'y')), other text);
INSERT INTO notes VALUES (1, 'x', 'a');
