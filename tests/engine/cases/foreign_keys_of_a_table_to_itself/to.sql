CREATE TABLE nodes (tree integer, id integer, parent integer, PRIMARY KEY (tree, id), FOREIGN KEY (tree, parent) REFERENCES nodes ON UPDATE CASCADE);
INSERT INTO nodes VALUES (1, 1, NULL), (1, 2, 1);
