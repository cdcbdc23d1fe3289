CREATE TABLE tags (id integer CONSTRAINT three PRIMARY KEY, code integer CONSTRAINT third UNIQUE);
CREATE TABLE notes (id integer CONSTRAINT one PRIMARY KEY, code integer CONSTRAINT first UNIQUE,
    parent integer CONSTRAINT parents REFERENCES notes (id), like_code integer CONSTRAINT codes REFERENCES notes (code));
