CREATE TABLE b (id integer);
CREATE SEQUENCE numbers OWNED BY b.id;
ALTER TABLE b ALTER id SET DEFAULT nextval('numbers');
INSERT INTO b VALUES (1);
