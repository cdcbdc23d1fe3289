CREATE TABLE notes (id integer PRIMARY KEY, amount integer DEFAULT 1);
CREATE INDEX by_amount ON notes (amount);
INSERT INTO notes VALUES (1, 5);
