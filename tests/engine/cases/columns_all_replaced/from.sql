CREATE TABLE things (a integer, b text);
INSERT INTO things VALUES (1, 'x');
