CREATE TABLE kept (id integer, name text);
