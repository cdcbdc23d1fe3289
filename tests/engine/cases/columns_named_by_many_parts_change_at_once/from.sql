CREATE TABLE users (id integer PRIMARY KEY, email text, age text, nick text, old text);
INSERT INTO users VALUES (1, 'a@b', '30', 'ab', 'x'), (2, 'c@d', '40', 'cd', NULL);
