CREATE TABLE notes (id integer PRIMARY KEY, created_at timestamptz NOT NULL DEFAULT now());
INSERT INTO notes (id) VALUES (1);
