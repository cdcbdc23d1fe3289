CREATE TABLE stock (id integer PRIMARY KEY, amount numeric(10, 0) DEFAULT 0 CHECK (amount >= 0));
CREATE INDEX stock_some ON stock (id) WHERE amount > 10;
CREATE INDEX stock_double ON stock ((amount * 2));
CREATE UNIQUE INDEX stock_amount ON stock (amount);
INSERT INTO stock VALUES (1, 5), (2, 20);
