CREATE TABLE notes (id integer);
CREATE VIEW titles AS SELECT id FROM notes;
