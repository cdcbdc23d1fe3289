CREATE TABLE notes (id integer PRIMARY KEY, seen timestamptz DEFAULT now(), flag boolean);
