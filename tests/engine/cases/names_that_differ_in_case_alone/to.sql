CREATE TABLE notes (a bigint, "A" text DEFAULT 'y');
CREATE TABLE "NOTES" (a integer);
INSERT INTO notes VALUES (1, 'x');
