CREATE TYPE "My.Type" AS ENUM ('b', 'a');
CREATE TABLE "My Table" ("Id" bigint CONSTRAINT "The ""Key""" PRIMARY KEY, "a.b" "My.Type" DEFAULT 'b', "it's" text NOT NULL, "back\slash" bigint, "%s $1 {}" integer, "a.B" serial, CONSTRAINT "a;b" CHECK ("it's" <> ''));
CREATE UNIQUE INDEX "An.Index" ON "My Table" ("a.b", upper("it's"));
COMMENT ON COLUMN "My Table"."a.b" IS 'x';
INSERT INTO "My Table" VALUES (1, 'a', 'y', 2);
