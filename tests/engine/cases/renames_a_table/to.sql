CREATE TABLE memos (id integer, title text, CONSTRAINT key PRIMARY KEY (id));
CREATE INDEX by_title ON memos (title);
INSERT INTO memos VALUES (1, 'a');
