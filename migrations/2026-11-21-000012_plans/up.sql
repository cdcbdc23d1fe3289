CREATE TABLE shared.plans (
    name text PRIMARY KEY,
    requests_per_minute integer,
    max_connections integer,
    statement_timeout_ms integer,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT plans_name_check CHECK (name <> ''),
    CONSTRAINT plans_requests_per_minute_check CHECK (requests_per_minute > 0),
    CONSTRAINT plans_max_connections_check CHECK (max_connections > 0),
    CONSTRAINT plans_statement_timeout_ms_check CHECK (statement_timeout_ms > 0)
);

COMMENT ON TABLE shared.plans IS 'What tenants subscribe to, and the limits that come with it. A limit that is null is the platform''s own.';
COMMENT ON COLUMN shared.plans.name IS 'The name in `shared.tenants.plan`. A tenant may name a plan that is not here: it has no limits of its own.';
COMMENT ON COLUMN shared.plans.requests_per_minute IS 'Requests that a node serves a tenant in a minute, on average; a tenth of them at once.';
COMMENT ON COLUMN shared.plans.max_connections IS 'Connections that a tenant holds at most on a node; never more than `POOL_MAX_PER_TENANT`.';
COMMENT ON COLUMN shared.plans.statement_timeout_ms IS 'Milliseconds that a statement of a tenant may take.';
COMMENT ON COLUMN shared.plans.created_at IS 'When the plan was made.';
COMMENT ON COLUMN shared.plans.updated_at IS 'When the plan was last changed.';
