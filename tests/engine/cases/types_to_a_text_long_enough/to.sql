CREATE TABLE things (id varchar(36) PRIMARY KEY, number varchar(5) UNIQUE, mood varchar(5) NOT NULL DEFAULT 'sad');
INSERT INTO things VALUES ('6f0c3a3e-7d0b-4a06-9c65-0d1f0a6f2d11', '12345', 'happy');
