CREATE TABLE notes (id integer, amount integer DEFAULT 0);
ALTER TABLE notes ALTER amount TYPE bigint;
ALTER TABLE notes ALTER amount SET STATISTICS -1;
ALTER TABLE notes ADD gone integer;
ALTER TABLE notes DROP gone;
