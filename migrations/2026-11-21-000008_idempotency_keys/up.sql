CREATE TABLE shared.idempotency_keys (
    scope text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    status_code integer,
    response jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (scope, key),
    CONSTRAINT idempotency_keys_response_check CHECK ((status_code IS NULL) = (response IS NULL))
);

CREATE INDEX idempotency_keys_created_at_idx ON shared.idempotency_keys (created_at);

COMMENT ON TABLE shared.idempotency_keys IS 'Answers to requests that carried an `Idempotency-Key`, to be given again.';
COMMENT ON COLUMN shared.idempotency_keys.scope IS 'Who asked and on which route; a key means nothing outside its scope.';
COMMENT ON COLUMN shared.idempotency_keys.key IS 'The key, as the client sent it.';
COMMENT ON COLUMN shared.idempotency_keys.request_hash IS 'SHA-256 of the request; the same key with another request is refused.';
COMMENT ON COLUMN shared.idempotency_keys.status_code IS 'HTTP status of the answer; none while the request runs.';
COMMENT ON COLUMN shared.idempotency_keys.response IS 'Body of the answer; none while the request runs.';
COMMENT ON COLUMN shared.idempotency_keys.created_at IS 'When the key was first seen; keys are forgotten by age.';
