CREATE TABLE "select" ("order" integer PRIMARY KEY, "user" text, "table" integer);
INSERT INTO "select" VALUES (1, 'a', 2);
