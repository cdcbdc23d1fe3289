CREATE TABLE shared.signing_keys (
    id text PRIMARY KEY,
    private_key bytea NOT NULL,
    public_key bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    retired_at timestamptz,
    CONSTRAINT signing_keys_public_key_check CHECK (octet_length(public_key) = 32)
);

COMMENT ON TABLE shared.signing_keys IS 'Ed25519 keys that sign access tokens; the newest that is not retired signs, all that are not retired verify.';
COMMENT ON COLUMN shared.signing_keys.id IS 'The `kid` in the header of a token.';
COMMENT ON COLUMN shared.signing_keys.private_key IS 'Key pair as PKCS#8 (RFC 8410).';
COMMENT ON COLUMN shared.signing_keys.public_key IS 'The 32 bytes of the public key, as published in the key set.';
COMMENT ON COLUMN shared.signing_keys.created_at IS 'When the key was made.';
COMMENT ON COLUMN shared.signing_keys.retired_at IS 'When the key stopped verifying; its tokens died then.';
