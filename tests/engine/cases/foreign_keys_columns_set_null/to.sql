CREATE TABLE p (tenant integer, id integer, PRIMARY KEY (tenant, id));
CREATE TABLE c (tenant integer NOT NULL, p integer DEFAULT 1, CONSTRAINT f FOREIGN KEY (p, tenant) REFERENCES p (id, tenant) ON DELETE SET DEFAULT (p));
INSERT INTO p VALUES (1, 1);
INSERT INTO c VALUES (1, 1);
