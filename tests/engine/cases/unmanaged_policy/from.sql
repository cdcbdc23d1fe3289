CREATE TABLE notes (id integer PRIMARY KEY, title text);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON notes USING (id > 0);
INSERT INTO notes VALUES (1, 'a');
