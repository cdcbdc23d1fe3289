CREATE TYPE size AS ENUM ('m', 'xl');
CREATE TABLE shirts (id integer PRIMARY KEY, size size);
INSERT INTO shirts VALUES (1, 'm'), (2, 'xl');
