CREATE TABLE spans (id integer PRIMARY KEY, a integer NOT NULL, b integer, c integer, CHECK (a < b));
CREATE INDEX pair ON spans (a, b);
CREATE INDEX place ON spans (c);
INSERT INTO spans VALUES (1, 2, 3, 4);
