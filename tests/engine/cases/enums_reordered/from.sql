CREATE TYPE level AS ENUM ('low', 'high', 'middle');
CREATE TABLE alarms (id integer PRIMARY KEY, level level);
CREATE INDEX by_level ON alarms (level);
INSERT INTO alarms VALUES (1, 'low'), (2, 'high');
