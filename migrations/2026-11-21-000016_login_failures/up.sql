CREATE TABLE shared.login_failures (
    key bytea PRIMARY KEY,
    failures integer NOT NULL DEFAULT 0,
    last_failed_at timestamptz NOT NULL DEFAULT now(),
    refused_until timestamptz,
    CONSTRAINT login_failures_key_check CHECK (length(key) = 32),
    CONSTRAINT login_failures_failures_check CHECK (failures >= 0)
);

CREATE INDEX login_failures_last_failed_at_idx ON shared.login_failures (last_failed_at);

COMMENT ON TABLE shared.login_failures IS 'Logins that failed lately, by account and by address: too many are made to wait.';
COMMENT ON COLUMN shared.login_failures.key IS 'SHA-256 of what the failures are counted for: a name at a tenant or at the platform, whether or not somebody has it, or an address.';
COMMENT ON COLUMN shared.login_failures.failures IS 'Failures that are not forgiven yet.';
COMMENT ON COLUMN shared.login_failures.last_failed_at IS 'When the last one was; rows are forgotten by it.';
COMMENT ON COLUMN shared.login_failures.refused_until IS 'Until when no login is tried; none before the failures are too many.';
