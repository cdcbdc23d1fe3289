CREATE TABLE lists (id integer PRIMARY KEY, a integer[], b varchar(5)[], c text[] DEFAULT '{x}');
INSERT INTO lists VALUES (1, '{1,2}', '{ab}', '{c,d}');
