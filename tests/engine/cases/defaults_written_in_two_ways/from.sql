CREATE TABLE notes (a timestamptz DEFAULT now(), b varchar(5) DEFAULT 'x', c integer DEFAULT (1 + 1), d text DEFAULT 'a' || 'b');
