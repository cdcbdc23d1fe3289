CREATE TABLE shared.bootstrap_tokens (
    token_hash bytea PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz
);

COMMENT ON TABLE shared.bootstrap_tokens IS 'One-time tokens that make the first system user of an empty platform.';
COMMENT ON COLUMN shared.bootstrap_tokens.token_hash IS 'SHA-256 of the token; the token itself was shown once.';
COMMENT ON COLUMN shared.bootstrap_tokens.created_at IS 'When the token was issued.';
COMMENT ON COLUMN shared.bootstrap_tokens.used_at IS 'When the token was redeemed.';
