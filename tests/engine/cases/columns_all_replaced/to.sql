CREATE TABLE things (c integer, d text);
INSERT INTO things VALUES (1, 'x');
