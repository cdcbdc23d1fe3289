CREATE TABLE shared.mail_outbox (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id text NOT NULL,
    kind text NOT NULL,
    recipient text NOT NULL,
    seed bytea,
    expires_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_error text,
    sent_at timestamptz,
    given_up_at timestamptz,
    CONSTRAINT mail_outbox_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES shared.tenants (id) ON DELETE CASCADE,
    CONSTRAINT mail_outbox_kind_check CHECK (
        kind IN ('verification', 'reset', 'invitation', 'already_registered', 'password_changed', 'email_changed')
    ),
    CONSTRAINT mail_outbox_recipient_check CHECK (recipient ~ '^[!-~]{3,254}$'),
    CONSTRAINT mail_outbox_seed_check CHECK ((seed IS NOT NULL AND octet_length(seed) = 32) OR sent_at IS NOT NULL OR given_up_at IS NOT NULL
        OR kind NOT IN ('verification', 'reset', 'invitation')),
    CONSTRAINT mail_outbox_attempts_check CHECK (attempts >= 0)
);

CREATE INDEX mail_outbox_waiting_idx ON shared.mail_outbox (next_attempt_at) WHERE sent_at IS NULL AND given_up_at IS NULL;
CREATE INDEX mail_outbox_recipient_idx ON shared.mail_outbox (tenant_id, recipient, kind, created_at);
CREATE INDEX mail_outbox_created_at_idx ON shared.mail_outbox (created_at);

COMMENT ON TABLE shared.mail_outbox IS 'Mail to users of tenants, added in the transaction that causes it and sent from here. Nothing of what it says is kept: it is written when it is sent.';
COMMENT ON COLUMN shared.mail_outbox.id IS 'The key, and the name before the `@` of the `Message-ID`.';
COMMENT ON COLUMN shared.mail_outbox.tenant_id IS 'The tenant whose user it is for.';
COMMENT ON COLUMN shared.mail_outbox.kind IS 'What it is about, and so what is written.';
COMMENT ON COLUMN shared.mail_outbox.recipient IS 'Address that it goes to.';
COMMENT ON COLUMN shared.mail_outbox.seed IS 'What the token in its link is derived from, with a key that is not in the database; forgotten when it is sent or given up.';
COMMENT ON COLUMN shared.mail_outbox.expires_at IS 'When its link ends; it is not sent after that.';
COMMENT ON COLUMN shared.mail_outbox.created_at IS 'When it was added.';
COMMENT ON COLUMN shared.mail_outbox.attempts IS 'How often somebody began to send it.';
COMMENT ON COLUMN shared.mail_outbox.next_attempt_at IS 'Until when nobody else sends it: the end of the lease of who is at it, or of the pause after a failure.';
COMMENT ON COLUMN shared.mail_outbox.last_error IS 'Why the last attempt failed.';
COMMENT ON COLUMN shared.mail_outbox.sent_at IS 'When a mail server took it.';
COMMENT ON COLUMN shared.mail_outbox.given_up_at IS 'When it was given up.';

-- What a tenant's role may call. It has no right to the schema `shared`, so the door is in one of its own.
CREATE SCHEMA outbox;
GRANT USAGE ON SCHEMA outbox TO PUBLIC;

-- The tenant is the one whose role is set, whatever the caller says. Where tenants have no roles, and so the platform's own
-- role calls, it is the one that the caller names.
--
-- Five mails of a kind go to an address of a tenant in an hour; more are dropped. A cap over all tenants would let one tenant
-- keep the mail of another from its users.
CREATE FUNCTION outbox.add_mail(schema_name text, kind text, recipient text, seed bytea, expires_at timestamptz) RETURNS void
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = '' AS $$
    WITH added AS (
        INSERT INTO shared.mail_outbox (tenant_id, kind, recipient, seed, expires_at)
        SELECT tenants.id, $2, $3, $4, $5
          FROM shared.tenants
         WHERE tenants.schema_name = CASE
                   WHEN pg_catalog.current_setting('role') <> 'none' THEN pg_catalog.current_setting('role')
                   WHEN session_user = current_user THEN $1
               END
           AND 5 > (SELECT pg_catalog.count(*)
                      FROM shared.mail_outbox AS earlier
                     WHERE earlier.tenant_id = tenants.id AND earlier.recipient = $3 AND earlier.kind = $2
                       AND earlier.created_at > pg_catalog.clock_timestamp() - INTERVAL '1 hour')
        RETURNING id
    )
    SELECT pg_catalog.pg_notify('rowhouse', 'mail') FROM added
$$;

COMMENT ON SCHEMA outbox IS 'What the roles of the tenants may call.';
COMMENT ON FUNCTION outbox.add_mail(text, text, text, bytea, timestamptz) IS 'Adds a mail to the outbox, for the tenant whose role is set, unless its recipient has had five of the kind in the last hour.';
