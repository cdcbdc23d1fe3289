CREATE TABLE t (a int, b varchar, c decimal(5), d timestamp with time zone, e bool, f float(20), g char, h int[3]);
