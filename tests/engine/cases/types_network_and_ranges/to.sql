CREATE TABLE hosts (id integer PRIMARY KEY, address inet, span int4range, period tstzrange DEFAULT 'empty', words tsvector, code bytea DEFAULT '\x00ff', money numeric(3, -2));
INSERT INTO hosts VALUES (1, '10.0.0.1');
