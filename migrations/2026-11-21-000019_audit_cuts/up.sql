CREATE TABLE shared.audit_cuts (
    tenant_id text PRIMARY KEY,
    position bigint NOT NULL,
    hash bytea NOT NULL,
    cut_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT audit_cuts_position_check CHECK (position >= 0)
);

COMMENT ON TABLE shared.audit_cuts IS 'The last row that was removed from each tenant''s audit log, as old as the tenant keeps none. Its chain begins there. No tenant''s role reaches it.';
COMMENT ON COLUMN shared.audit_cuts.tenant_id IS 'The tenant. No foreign key: what was removed of a log outlives the tenant.';
COMMENT ON COLUMN shared.audit_cuts.position IS 'Place of the row in the chain; 0 before any was removed.';
COMMENT ON COLUMN shared.audit_cuts.hash IS 'Hash of the row; empty before any was removed.';
COMMENT ON COLUMN shared.audit_cuts.cut_at IS 'When it was removed.';
