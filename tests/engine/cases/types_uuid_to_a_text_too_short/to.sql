CREATE TABLE things (id varchar(20) PRIMARY KEY);
INSERT INTO things VALUES ('no uuid');
