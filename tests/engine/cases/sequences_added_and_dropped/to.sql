CREATE SEQUENCE coming START 7;
CREATE TABLE kept (id integer);
COMMENT ON SEQUENCE coming IS 'It comes.';
