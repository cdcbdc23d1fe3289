CREATE TABLE notes (a timestamp with time zone DEFAULT (now()), b character varying(5) DEFAULT 'x'::character varying, c int4 DEFAULT 1 + 1, d text DEFAULT ('a'::text || 'b'::text));
