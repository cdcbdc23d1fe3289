CREATE TABLE shared.runs (
    id uuid PRIMARY KEY,
    tenant_id text REFERENCES shared.tenants (id) ON DELETE SET NULL,
    kind text NOT NULL,
    status text NOT NULL DEFAULT 'running',
    requested_by text NOT NULL,
    detail jsonb NOT NULL DEFAULT '{}',
    error text,
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    CONSTRAINT runs_status_check CHECK (status IN ('running', 'succeeded', 'failed')),
    CONSTRAINT runs_finished_at_check CHECK ((status = 'running') = (finished_at IS NULL))
);

CREATE INDEX runs_tenant_id_idx ON shared.runs (tenant_id, started_at DESC);
CREATE INDEX runs_started_at_idx ON shared.runs (started_at DESC, id);

COMMENT ON TABLE shared.runs IS 'Recorded operations on a tenant or on the fleet.';
COMMENT ON COLUMN shared.runs.id IS 'UUID v7, made by the server.';
COMMENT ON COLUMN shared.runs.tenant_id IS 'The tenant it worked on; none for the fleet.';
COMMENT ON COLUMN shared.runs.kind IS 'What was done, such as `create` or `upgrade`.';
COMMENT ON COLUMN shared.runs.status IS 'running, succeeded or failed.';
COMMENT ON COLUMN shared.runs.requested_by IS 'Who asked for it, in words.';
COMMENT ON COLUMN shared.runs.detail IS 'What the operation was asked to do.';
COMMENT ON COLUMN shared.runs.error IS 'Why it failed.';
COMMENT ON COLUMN shared.runs.started_at IS 'When it began.';
COMMENT ON COLUMN shared.runs.finished_at IS 'When it ended, well or not.';

CREATE TABLE shared.run_steps (
    run_id uuid NOT NULL REFERENCES shared.runs (id) ON DELETE CASCADE,
    position integer NOT NULL,
    name text NOT NULL,
    status text NOT NULL DEFAULT 'running',
    duration_us bigint,
    error text,
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (run_id, position),
    CONSTRAINT run_steps_position_check CHECK (position >= 0),
    CONSTRAINT run_steps_status_check CHECK (status IN ('running', 'succeeded', 'failed'))
);

COMMENT ON TABLE shared.run_steps IS 'The steps of a run, each recorded before and after.';
COMMENT ON COLUMN shared.run_steps.run_id IS 'The run it belongs to.';
COMMENT ON COLUMN shared.run_steps.position IS 'Place in the run, from 0.';
COMMENT ON COLUMN shared.run_steps.name IS 'What the step does, in words.';
COMMENT ON COLUMN shared.run_steps.status IS 'running, succeeded or failed.';
COMMENT ON COLUMN shared.run_steps.duration_us IS 'How long it took, in microseconds.';
COMMENT ON COLUMN shared.run_steps.error IS 'Why it failed.';
COMMENT ON COLUMN shared.run_steps.started_at IS 'When it began.';
COMMENT ON COLUMN shared.run_steps.finished_at IS 'When it ended, well or not.';
