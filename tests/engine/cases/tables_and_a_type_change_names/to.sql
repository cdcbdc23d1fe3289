CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE kept (id integer, mood mood);
