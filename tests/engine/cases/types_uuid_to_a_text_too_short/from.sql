CREATE TABLE things (id uuid PRIMARY KEY);
INSERT INTO things VALUES ('6f0c3a3e-7d0b-4a06-9c65-0d1f0a6f2d11'), ('6f0c3a3e-7d0b-4a06-9c65-0d1f0a6f2d12');
