CREATE SEQUENCE going;
CREATE TABLE kept (id integer);
