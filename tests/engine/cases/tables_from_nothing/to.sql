CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE SEQUENCE tickets START 100;
CREATE TABLE people (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, mood mood DEFAULT 'sad', boss bigint REFERENCES people);
CREATE TABLE notes (id bigserial PRIMARY KEY, number integer DEFAULT nextval('tickets'), author bigint NOT NULL REFERENCES people ON DELETE CASCADE, body text CHECK (body <> ''));
CREATE INDEX notes_of_author ON notes (author) WHERE body IS NOT NULL;
COMMENT ON TABLE notes IS 'What people write.';
