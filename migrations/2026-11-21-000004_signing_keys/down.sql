DROP TABLE shared.signing_keys;
