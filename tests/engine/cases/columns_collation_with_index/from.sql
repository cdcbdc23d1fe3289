CREATE TABLE names (id integer PRIMARY KEY, name varchar(20) COLLATE "C");
CREATE INDEX names_name ON names (name COLLATE "POSIX");
CREATE UNIQUE INDEX names_plain ON names (name);
INSERT INTO names VALUES (1, 'b'), (2, 'A');
