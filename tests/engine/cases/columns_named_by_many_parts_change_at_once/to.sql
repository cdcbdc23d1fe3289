CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, age integer, nick text DEFAULT 'none', new boolean NOT NULL DEFAULT false);
INSERT INTO users VALUES (1, 'a@b', 30, 'ab'), (2, 'c@d', 40, 'cd');
