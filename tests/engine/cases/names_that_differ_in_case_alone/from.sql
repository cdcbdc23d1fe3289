CREATE TABLE notes (a integer, "A" text);
CREATE TABLE "Notes" (a integer);
INSERT INTO notes VALUES (1, 'x');
INSERT INTO "Notes" VALUES (2);
