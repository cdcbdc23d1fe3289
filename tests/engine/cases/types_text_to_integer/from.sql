CREATE TABLE notes (id integer PRIMARY KEY, amount text NOT NULL);
INSERT INTO notes VALUES (1, '10'), (2, '-3');
