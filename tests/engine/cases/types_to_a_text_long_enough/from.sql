CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE things (id uuid PRIMARY KEY, number integer UNIQUE, mood mood NOT NULL DEFAULT 'sad');
INSERT INTO things VALUES ('6f0c3a3e-7d0b-4a06-9c65-0d1f0a6f2d11', 12345, 'happy');
