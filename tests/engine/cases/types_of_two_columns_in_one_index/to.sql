CREATE TABLE spans (id integer PRIMARY KEY, a numeric NOT NULL, b numeric, c bigint, CHECK (a < b));
CREATE INDEX pair ON spans (a, b);
CREATE INDEX place ON spans (a);
CREATE TABLE other (id integer);
CREATE INDEX gone ON other (id);
INSERT INTO spans VALUES (1, 2, 3, 4);
