CREATE TABLE flags (id integer, on_off text DEFAULT 'true', amount text DEFAULT '12');
INSERT INTO flags VALUES (1, 'false', '1'), (2, 'true', '2');
