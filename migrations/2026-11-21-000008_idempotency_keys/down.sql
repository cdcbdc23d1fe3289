DROP TABLE shared.idempotency_keys;
