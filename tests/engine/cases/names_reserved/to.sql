CREATE TABLE "select" ("order" integer PRIMARY KEY, "user" text NOT NULL UNIQUE, "table" bigint CHECK ("table" > 0), "primary" boolean DEFAULT true, "default" text DEFAULT 'null');
CREATE TABLE "table" ("column" integer REFERENCES "select", "check" integer[]);
CREATE INDEX "index" ON "select" ("table") WHERE "user" IS NOT NULL;
INSERT INTO "select" VALUES (1, 'a', 2);
