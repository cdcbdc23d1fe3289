CREATE TABLE p (tenant integer, id integer, PRIMARY KEY (tenant, id));
CREATE TABLE c (tenant integer NOT NULL, p integer, CONSTRAINT f FOREIGN KEY (tenant, p) REFERENCES p ON DELETE CASCADE);
INSERT INTO p VALUES (1, 1);
INSERT INTO c VALUES (1, 1);
