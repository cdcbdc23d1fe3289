CREATE TABLE lists (id integer PRIMARY KEY, a bigint[], b varchar(9)[], c varchar(3)[] DEFAULT '{x}');
INSERT INTO lists VALUES (1, '{1,2}', '{ab}', '{c,d}');
