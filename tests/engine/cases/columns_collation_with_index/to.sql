CREATE TABLE names (id integer PRIMARY KEY, name varchar(20) COLLATE "POSIX");
CREATE INDEX names_name ON names (name COLLATE "C");
CREATE UNIQUE INDEX names_plain ON names (name);
INSERT INTO names VALUES (1, 'b'), (2, 'A');
