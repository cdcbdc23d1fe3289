CREATE TABLE notes (id bigint, status varchar(10) DEFAULT 'x' CHECK (status IN ('x', 'y')), other text NOT NULL);
INSERT INTO notes VALUES (1, 'x', 'a');
