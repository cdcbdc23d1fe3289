-- No foreign keys: a log outlives what it speaks of.
CREATE TABLE shared.platform_audit_logs (
    id uuid PRIMARY KEY,
    actor_id uuid,
    action text NOT NULL,
    object_type text NOT NULL,
    object_id text,
    before jsonb,
    after jsonb,
    ip inet,
    user_agent text,
    request_id text,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX platform_audit_logs_created_at_idx ON shared.platform_audit_logs (created_at DESC, id);
CREATE INDEX platform_audit_logs_object_idx ON shared.platform_audit_logs (object_type, object_id, created_at DESC);
CREATE INDEX platform_audit_logs_actor_id_idx ON shared.platform_audit_logs (actor_id, created_at DESC);

COMMENT ON TABLE shared.platform_audit_logs IS 'What was done to the platform, one row for every mutation.';
COMMENT ON COLUMN shared.platform_audit_logs.id IS 'UUID v7, made by the server.';
COMMENT ON COLUMN shared.platform_audit_logs.actor_id IS 'The system user who did it; none for the command line and for the platform itself.';
COMMENT ON COLUMN shared.platform_audit_logs.action IS 'What was done, such as `tenant.create`.';
COMMENT ON COLUMN shared.platform_audit_logs.object_type IS 'Kind of thing it was done to.';
COMMENT ON COLUMN shared.platform_audit_logs.object_id IS 'Key of the thing it was done to.';
COMMENT ON COLUMN shared.platform_audit_logs.before IS 'The thing before, secrets written as "changed".';
COMMENT ON COLUMN shared.platform_audit_logs.after IS 'The thing after, secrets written as "changed".';
COMMENT ON COLUMN shared.platform_audit_logs.ip IS 'Address the request came from.';
COMMENT ON COLUMN shared.platform_audit_logs.user_agent IS 'Client the request came from, in its own words.';
COMMENT ON COLUMN shared.platform_audit_logs.request_id IS 'The request, as in its answer and in the log.';
COMMENT ON COLUMN shared.platform_audit_logs.created_at IS 'When it was done.';
