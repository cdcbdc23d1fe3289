CREATE TABLE bare (a integer);
INSERT INTO bare VALUES (1), (2);
