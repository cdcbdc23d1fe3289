CREATE TABLE t (a integer, b character varying, c numeric(5, 0), d timestamptz, e boolean, f real, g character(1), h integer[]);
