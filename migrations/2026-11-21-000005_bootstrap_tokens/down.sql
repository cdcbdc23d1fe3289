DROP TABLE shared.bootstrap_tokens;
