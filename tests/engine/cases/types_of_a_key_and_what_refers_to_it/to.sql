CREATE TABLE teams (id bigint PRIMARY KEY);
CREATE TABLE users (id bigint PRIMARY KEY, team bigint NOT NULL REFERENCES teams ON DELETE CASCADE, boss bigint REFERENCES users);
INSERT INTO teams VALUES (1), (2);
INSERT INTO users VALUES (1, 1, NULL), (2, 2, 1);
