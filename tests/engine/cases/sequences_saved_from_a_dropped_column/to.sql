CREATE TABLE a (x integer);
CREATE SEQUENCE a_id_seq AS integer;
INSERT INTO a VALUES (1);
