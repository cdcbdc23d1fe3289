//! The tables of the schema `shared`, as the migrations make them.

diesel::table! {
    /// The registry: one row for every tenant that exists or ever existed.
    shared.tenants (id) {
        /// Twelve characters of lower-case Crockford base32, the first a digit so that no slug reads like an id; never reused.
        id -> Text,
        /// The human key in URLs. Unique among the tenants that are not purged; can be changed.
        slug -> Text,
        /// Name for people, as the tenant writes it.
        name -> Text,
        /// Where the tenant is in its life; see `TenantStatus` for the transitions.
        status -> Text,
        /// The tenant schema and the tenant role, `tenant_<id>`.
        schema_name -> Text,
        /// Version of the catalog that the tenant schema was last brought to.
        version -> Nullable<Text>,
        /// Hash of the structure of the tenant schema at that version.
        fingerprint -> Nullable<Text>,
        /// Name of the subscribed plan.
        plan -> Nullable<Text>,
        /// Labels of the operators, such as the wave in which the tenant is upgraded.
        labels -> Jsonb,
        /// Rises with every change of the row; a cache entry of a lower generation is stale.
        generation -> BigInt,
        /// When the tenant was registered.
        created_at -> Timestamptz,
        /// When the row last changed.
        updated_at -> Timestamptz,
        /// When the tenant first became active.
        activated_at -> Nullable<Timestamptz>,
        /// When deletion was asked for; the grace period counts from here.
        deleted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// What tenants subscribe to, and the limits that come with it. A limit that is null is the platform's own.
    shared.plans (name) {
        /// The name in `shared.tenants.plan`. A tenant may name a plan that is not here: it has no limits of its own.
        name -> Text,
        /// Requests that a node serves a tenant in a minute, on average; a tenth of them at once.
        requests_per_minute -> Nullable<Integer>,
        /// Connections that a tenant holds at most on a node; never more than `POOL_MAX_PER_TENANT`.
        max_connections -> Nullable<Integer>,
        /// Milliseconds that a statement of a tenant may take.
        statement_timeout_ms -> Nullable<Integer>,
        /// When the plan was made.
        created_at -> Timestamptz,
        /// When the plan was last changed.
        updated_at -> Timestamptz,
        /// Bytes that the attachments of a tenant take at most, all versions and deleted ones included.
        max_storage_bytes -> Nullable<BigInt>,
    }
}

diesel::table! {
    /// People who run the platform; never the users of a tenant.
    shared.system_users (id) {
        /// UUID v7, made by the server.
        id -> Uuid,
        /// E-mail address to log in with, unique whatever its case.
        email -> Text,
        /// Versioned hash of the password.
        password_hash -> Text,
        /// What the system user may do: `super_admin`, `operator` or `support` (read only).
        role -> Text,
        /// Whether the system user may log in.
        is_active -> Bool,
        /// When the system user was made.
        created_at -> Timestamptz,
        /// When the row last changed, logins aside.
        updated_at -> Timestamptz,
        /// When the system user last logged in.
        last_login_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Sessions of system users.
    shared.platform_sessions (id) {
        /// UUID v7, made by the server at each login; the claim `sid` of its tokens.
        id -> Uuid,
        /// Whose session it is.
        system_user_id -> Uuid,
        /// Key under which the refresh tokens of this session are authenticated.
        refresh_key -> Bytea,
        /// Number of the newest refresh token; an older one that comes back is a replay.
        refresh_counter -> Integer,
        /// Address that logged in.
        ip -> Nullable<Inet>,
        /// Client that logged in, in its own words.
        user_agent -> Nullable<Text>,
        /// When the login happened.
        created_at -> Timestamptz,
        /// When the session was last refreshed; idle time counts from here.
        last_used_at -> Timestamptz,
        /// Absolute end, which activity does not move.
        expires_at -> Timestamptz,
        /// When the session was ended before its time.
        revoked_at -> Nullable<Timestamptz>,
        /// Why it was ended: logout, eviction, reuse of a refresh token.
        revoked_reason -> Nullable<Text>,
    }
}

diesel::table! {
    /// Ed25519 keys that sign access tokens; the newest that is not retired signs, all that are not retired verify.
    shared.signing_keys (id) {
        /// The `kid` in the header of a token.
        id -> Text,
        /// Key pair as PKCS#8 (RFC 8410).
        private_key -> Bytea,
        /// The 32 bytes of the public key, as published in the key set.
        public_key -> Bytea,
        /// When the key was made.
        created_at -> Timestamptz,
        /// When the key stopped verifying; its tokens died then.
        retired_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// One-time tokens that make the first system user of an empty platform.
    shared.bootstrap_tokens (token_hash) {
        /// SHA-256 of the token; the token itself was shown once.
        token_hash -> Bytea,
        /// When the token was issued.
        created_at -> Timestamptz,
        /// When the token was redeemed.
        used_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Recorded operations on a tenant or on the fleet.
    shared.runs (id) {
        /// UUID v7, made by the server.
        id -> Uuid,
        /// The tenant it worked on; none for the fleet.
        tenant_id -> Nullable<Text>,
        /// What was done, such as `create` or `upgrade`.
        kind -> Text,
        /// running, succeeded or failed.
        status -> Text,
        /// Who asked for it, in words.
        requested_by -> Text,
        /// What the operation was asked to do.
        detail -> Jsonb,
        /// Why it failed.
        error -> Nullable<Text>,
        /// When it began.
        started_at -> Timestamptz,
        /// When it ended, well or not.
        finished_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// The steps of a run, each recorded before and after.
    shared.run_steps (run_id, position) {
        /// The run it belongs to.
        run_id -> Uuid,
        /// Place in the run, from 0.
        position -> Integer,
        /// What the step does, in words.
        name -> Text,
        /// running, succeeded or failed.
        status -> Text,
        /// How long it took, in microseconds.
        duration_us -> Nullable<BigInt>,
        /// Why it failed.
        error -> Nullable<Text>,
        /// When it began.
        started_at -> Timestamptz,
        /// When it ended, well or not.
        finished_at -> Nullable<Timestamptz>,
        /// How often it was tried: once, and again after each lock that was not to be had.
        attempts -> Integer,
    }
}

diesel::table! {
    /// What was done to the platform, one row for every mutation.
    shared.platform_audit_logs (id) {
        /// UUID v7, made by the server.
        id -> Uuid,
        /// The system user who did it; none for the command line and for the platform itself.
        actor_id -> Nullable<Uuid>,
        /// What was done, such as `tenant.create`.
        action -> Text,
        /// Kind of thing it was done to.
        object_type -> Text,
        /// Key of the thing it was done to.
        object_id -> Nullable<Text>,
        /// The thing before, secrets written as "changed".
        before -> Nullable<Jsonb>,
        /// The thing after, secrets written as "changed".
        after -> Nullable<Jsonb>,
        /// Address the request came from.
        ip -> Nullable<Inet>,
        /// Client the request came from, in its own words.
        user_agent -> Nullable<Text>,
        /// The request, as in its answer and in the log.
        request_id -> Nullable<Text>,
        /// When it was done.
        created_at -> Timestamptz,
    }
}

diesel::table! {
    /// Answers to requests that carried an `Idempotency-Key`, to be given again.
    shared.idempotency_keys (scope, key) {
        /// Who asked and on which route; a key means nothing outside its scope.
        scope -> Text,
        /// The key, as the client sent it.
        key -> Text,
        /// SHA-256 of the request; the same key with another request is refused.
        request_hash -> Bytea,
        /// HTTP status of the answer; none while the request runs.
        status_code -> Nullable<Integer>,
        /// Body of the answer; none while the request runs.
        response -> Nullable<Jsonb>,
        /// When the key was first seen; keys are forgotten by age.
        created_at -> Timestamptz,
    }
}

diesel::table! {
    /// How far each backfill of each schema is.
    shared.backfills (schema_name, name) {
        /// The schema whose rows are filled.
        schema_name -> Text,
        /// Name of the backfill.
        name -> Text,
        /// First page of the table that the current pass has not reached.
        next_page -> BigInt,
        /// Passes over the whole table that are over.
        passes -> Integer,
        /// Rows that were updated, in all passes.
        rows -> BigInt,
        /// When it began.
        started_at -> Timestamptz,
        /// When a whole pass found nothing left to update.
        finished_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Login roles of the server that the tenants are dealt to, beside the one of `DATABASE_URL`; each takes the roles of its own tenants alone.
    shared.login_roles (number) {
        /// Place in the deal, from 1.
        number -> SmallInt,
        /// Name of the role.
        name -> Text,
        /// What the processes of the platform log in with. Nobody else reads this table.
        password -> Text,
        /// When the login role was made.
        created_at -> Timestamptz,
    }
}

diesel::table! {
    /// The last row of each tenant's audit log when it was last found whole. No tenant's role reaches it, so a log that was cut or written anew is noticed.
    shared.audit_anchors (tenant_id) {
        /// The tenant. No foreign key: what was seen of a log outlives the tenant.
        tenant_id -> Text,
        /// Place of the row in the chain, which is how many rows there were.
        position -> BigInt,
        /// Hash of the row.
        hash -> Binary,
        /// When the log was found whole.
        verified_at -> Timestamptz,
    }
}

diesel::table! {
    /// The last row that was removed from each tenant's audit log, as old as the tenant keeps none. Its chain begins there. No tenant's role reaches it.
    shared.audit_cuts (tenant_id) {
        /// The tenant. No foreign key: what was removed of a log outlives the tenant.
        tenant_id -> Text,
        /// Place of the row in the chain; 0 before any was removed.
        position -> BigInt,
        /// Hash of the row; empty before any was removed.
        hash -> Binary,
        /// When it was removed.
        cut_at -> Timestamptz,
    }
}

diesel::table! {
    /// Logins that failed lately, by account and by address: too many are made to wait.
    shared.login_failures (key) {
        /// SHA-256 of what the failures are counted for: a name at a tenant or at the platform, whether or not somebody has it, or an address.
        key -> Bytea,
        /// Failures that are not forgiven yet.
        failures -> Integer,
        /// When the last one was; rows are forgotten by it.
        last_failed_at -> Timestamptz,
        /// Until when no login is tried; none before the failures are too many.
        refused_until -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// Mail to users of tenants, added in the transaction that causes it and sent from here. Nothing of what it says is kept: it is written when it is sent.
    shared.mail_outbox (id) {
        /// The key, and the name before the `@` of the `Message-ID`.
        id -> Uuid,
        /// The tenant whose user it is for.
        tenant_id -> Text,
        /// What it is about, and so what is written.
        kind -> Text,
        /// Address that it goes to.
        recipient -> Text,
        /// What the token in its link is derived from, with a key that is not in the database; forgotten when it is sent or given up.
        seed -> Nullable<Bytea>,
        /// When its link ends; it is not sent after that.
        expires_at -> Nullable<Timestamptz>,
        /// When it was added.
        created_at -> Timestamptz,
        /// How often somebody began to send it.
        attempts -> Integer,
        /// Until when nobody else sends it: the end of the lease of who is at it, or of the pause after a failure.
        next_attempt_at -> Timestamptz,
        /// Why the last attempt failed.
        last_error -> Nullable<Text>,
        /// When a mail server took it.
        sent_at -> Nullable<Timestamptz>,
        /// When it was given up.
        given_up_at -> Nullable<Timestamptz>,
    }
}

diesel::joinable!(mail_outbox -> tenants (tenant_id));
diesel::joinable!(platform_sessions -> system_users (system_user_id));
diesel::joinable!(run_steps -> runs (run_id));
diesel::joinable!(runs -> tenants (tenant_id));
diesel::allow_tables_to_appear_in_same_query!(mail_outbox, tenants);
diesel::allow_tables_to_appear_in_same_query!(plans, tenants);
diesel::allow_tables_to_appear_in_same_query!(platform_sessions, system_users);
diesel::allow_tables_to_appear_in_same_query!(runs, run_steps, tenants);
