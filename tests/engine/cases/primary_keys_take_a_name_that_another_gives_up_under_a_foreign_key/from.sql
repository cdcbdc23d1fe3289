CREATE TABLE tags (id integer CONSTRAINT one PRIMARY KEY, code integer CONSTRAINT first UNIQUE);
CREATE TABLE notes (id integer CONSTRAINT two PRIMARY KEY, code integer CONSTRAINT second UNIQUE,
    parent integer CONSTRAINT parents REFERENCES notes (id), like_code integer CONSTRAINT codes REFERENCES notes (code));
INSERT INTO tags VALUES (1, 1);
INSERT INTO notes VALUES (1, 1, NULL, NULL), (2, 2, 1, 1);
