CREATE TABLE shared.tenants (
    id text PRIMARY KEY,
    slug text NOT NULL,
    name text NOT NULL,
    status text NOT NULL DEFAULT 'pending',
    schema_name text NOT NULL,
    version text,
    fingerprint text,
    plan text,
    labels jsonb NOT NULL DEFAULT '{}',
    generation bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    activated_at timestamptz,
    deleted_at timestamptz,
    CONSTRAINT tenants_id_check CHECK (id ~ '^[0-9][0-9a-hjkmnp-tv-z]{11}$'),
    CONSTRAINT tenants_slug_check CHECK (slug ~ '^[a-z][a-z0-9-]{1,38}[a-z0-9]$'),
    CONSTRAINT tenants_name_check CHECK (name <> ''),
    CONSTRAINT tenants_status_check CHECK (
        status IN ('pending', 'provisioning', 'active', 'suspended', 'archived', 'deleting', 'purged', 'failed')
    ),
    CONSTRAINT tenants_schema_name_key UNIQUE (schema_name),
    CONSTRAINT tenants_schema_name_check CHECK (schema_name = 'tenant_' || id),
    CONSTRAINT tenants_labels_check CHECK (jsonb_typeof(labels) = 'object')
);

CREATE UNIQUE INDEX tenants_slug_key ON shared.tenants (slug) WHERE status <> 'purged';
CREATE INDEX tenants_status_idx ON shared.tenants (status, version);
CREATE INDEX tenants_created_at_idx ON shared.tenants (created_at DESC, id);

COMMENT ON TABLE shared.tenants IS 'The registry: one row for every tenant that exists or ever existed.';
COMMENT ON COLUMN shared.tenants.id IS 'Twelve characters of lower-case Crockford base32, the first a digit so that no slug reads like an id; never reused.';
COMMENT ON COLUMN shared.tenants.slug IS 'The human key in URLs. Unique among the tenants that are not purged; can be changed.';
COMMENT ON COLUMN shared.tenants.name IS 'Name for people, as the tenant writes it.';
COMMENT ON COLUMN shared.tenants.status IS 'Where the tenant is in its life; see `TenantStatus` for the transitions.';
COMMENT ON COLUMN shared.tenants.schema_name IS 'The tenant schema and the tenant role, `tenant_<id>`.';
COMMENT ON COLUMN shared.tenants.version IS 'Version of the catalog that the tenant schema was last brought to.';
COMMENT ON COLUMN shared.tenants.fingerprint IS 'Hash of the structure of the tenant schema at that version.';
COMMENT ON COLUMN shared.tenants.plan IS 'Name of the subscribed plan.';
COMMENT ON COLUMN shared.tenants.labels IS 'Labels of the operators, such as the wave in which the tenant is upgraded.';
COMMENT ON COLUMN shared.tenants.generation IS 'Rises with every change of the row; a cache entry of a lower generation is stale.';
COMMENT ON COLUMN shared.tenants.created_at IS 'When the tenant was registered.';
COMMENT ON COLUMN shared.tenants.updated_at IS 'When the row last changed.';
COMMENT ON COLUMN shared.tenants.activated_at IS 'When the tenant first became active.';
COMMENT ON COLUMN shared.tenants.deleted_at IS 'When deletion was asked for; the grace period counts from here.';
