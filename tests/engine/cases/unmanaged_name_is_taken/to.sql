CREATE TABLE notes (id integer);
CREATE TABLE titles (id integer);
