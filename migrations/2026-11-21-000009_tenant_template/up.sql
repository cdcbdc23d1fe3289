CREATE SCHEMA tenant_template;

COMMENT ON SCHEMA tenant_template IS 'Tables that operators define in SQL; each is copied into every tenant schema.';

CREATE TABLE tenant_template.activity_log (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    actor_id uuid,
    action text NOT NULL,
    subject_type text NOT NULL,
    subject_id text,
    detail jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX activity_log_created_at_idx ON tenant_template.activity_log (created_at DESC, id);

COMMENT ON TABLE tenant_template.activity_log IS 'What happened in the tenant, for its users to read.';
COMMENT ON COLUMN tenant_template.activity_log.id IS 'Key of the entry.';
COMMENT ON COLUMN tenant_template.activity_log.actor_id IS 'The user who did it; none when the platform did.';
COMMENT ON COLUMN tenant_template.activity_log.action IS 'What was done, such as `users.create`.';
COMMENT ON COLUMN tenant_template.activity_log.subject_type IS 'Kind of record it was done to.';
COMMENT ON COLUMN tenant_template.activity_log.subject_id IS 'Key of the record it was done to.';
COMMENT ON COLUMN tenant_template.activity_log.detail IS 'What a reader wants to know beyond that.';
COMMENT ON COLUMN tenant_template.activity_log.created_at IS 'When it happened.';
