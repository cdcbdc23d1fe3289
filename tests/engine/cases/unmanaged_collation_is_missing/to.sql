CREATE COLLATION by_number (provider = icu, locale = 'en-u-kn-true');
CREATE TABLE notes (id integer, title text COLLATE by_number);
