CREATE TYPE "My.Type" AS ENUM ('a', 'b');
CREATE TABLE "My Table" ("Id" integer CONSTRAINT "The ""Key""" PRIMARY KEY, "a.b" "My.Type", "it's" text DEFAULT 'x', "back\slash" integer);
CREATE INDEX "An.Index" ON "My Table" ("a.b", lower("it's"));
INSERT INTO "My Table" VALUES (1, 'a', 'y', 2);
