CREATE TYPE size AS ENUM ('xs', 's', 'm', 'l', 'l+', 'xl', 'xxl');
CREATE TABLE shirts (id integer PRIMARY KEY, size size);
INSERT INTO shirts VALUES (1, 'm'), (2, 'xl');
