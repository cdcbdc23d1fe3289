CREATE TABLE shared.audit_anchors (
    tenant_id text PRIMARY KEY,
    position bigint NOT NULL,
    hash bytea NOT NULL,
    verified_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT audit_anchors_position_check CHECK (position > 0)
);

COMMENT ON TABLE shared.audit_anchors IS 'The last row of each tenant''s audit log when it was last found whole. No tenant''s role reaches it, so a log that was cut or written anew is noticed.';
COMMENT ON COLUMN shared.audit_anchors.tenant_id IS 'The tenant. No foreign key: what was seen of a log outlives the tenant.';
COMMENT ON COLUMN shared.audit_anchors.position IS 'Place of the row in the chain, which is how many rows there were.';
COMMENT ON COLUMN shared.audit_anchors.hash IS 'Hash of the row.';
COMMENT ON COLUMN shared.audit_anchors.verified_at IS 'When the log was found whole.';
