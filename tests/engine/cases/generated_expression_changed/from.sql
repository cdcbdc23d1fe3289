CREATE TABLE boxes (id integer PRIMARY KEY, width integer, area integer GENERATED ALWAYS AS (width * 2) STORED CHECK (area > 0), CONSTRAINT u UNIQUE (area));
CREATE INDEX by_area ON boxes (area) WHERE area > 1;
COMMENT ON COLUMN boxes.area IS 'The area.';
INSERT INTO boxes VALUES (1, 2);
