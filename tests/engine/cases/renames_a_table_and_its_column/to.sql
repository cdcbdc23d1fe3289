CREATE TABLE memos (id integer CONSTRAINT notes_pkey PRIMARY KEY, heading text);
INSERT INTO memos VALUES (1, 'a');
