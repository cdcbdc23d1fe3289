ALTER TABLE shared.run_steps
    ADD COLUMN attempts integer NOT NULL DEFAULT 1,
    ADD CONSTRAINT run_steps_attempts_check CHECK (attempts >= 1);

COMMENT ON COLUMN shared.run_steps.attempts IS 'How often it was tried: once, and again after each lock that was not to be had.';

CREATE INDEX runs_schema_idx ON shared.runs ((detail ->> 'schema'), started_at DESC);
