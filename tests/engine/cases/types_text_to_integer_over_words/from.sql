CREATE TABLE notes (id integer PRIMARY KEY, amount text);
INSERT INTO notes VALUES (1, '10'), (2, 'ten');
