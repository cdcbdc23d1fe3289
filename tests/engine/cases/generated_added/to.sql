CREATE TABLE boxes (id integer PRIMARY KEY, width integer, height integer, area integer GENERATED ALWAYS AS (width * height) STORED, name text NOT NULL GENERATED ALWAYS AS ('box ' || id) STORED);
CREATE INDEX by_area ON boxes (area);
INSERT INTO boxes VALUES (1, 2, 3);
