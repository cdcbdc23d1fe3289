CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE TABLE notes (id positive PRIMARY KEY, amount positive NOT NULL DEFAULT 5, other positive);
INSERT INTO notes VALUES (1, 2);
