CREATE TABLE notes (a integer NOT NULL, b integer NOT NULL, PRIMARY KEY (b, a));
INSERT INTO notes VALUES (1, 2), (3, 4);
