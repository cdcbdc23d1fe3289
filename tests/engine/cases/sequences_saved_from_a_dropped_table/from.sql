CREATE TABLE a (id integer);
CREATE TABLE b (id integer);
CREATE SEQUENCE numbers OWNED BY a.id;
ALTER TABLE a ALTER id SET DEFAULT nextval('numbers');
ALTER TABLE b ALTER id SET DEFAULT nextval('numbers');
INSERT INTO b VALUES (1);
