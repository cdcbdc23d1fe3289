CREATE TABLE events (id bigserial, happened date NOT NULL) PARTITION BY RANGE (happened);
CREATE TABLE base (id integer);
CREATE TABLE derived (number serial) INHERITS (base);
CREATE TABLE notes (id serial, title text);
INSERT INTO notes (title) VALUES ('a');
