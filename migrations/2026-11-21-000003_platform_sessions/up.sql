CREATE TABLE shared.platform_sessions (
    id uuid PRIMARY KEY,
    system_user_id uuid NOT NULL REFERENCES shared.system_users (id) ON DELETE CASCADE,
    refresh_key bytea NOT NULL,
    refresh_counter integer NOT NULL DEFAULT 0,
    ip inet,
    user_agent text,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    revoked_reason text,
    CONSTRAINT platform_sessions_refresh_counter_check CHECK (refresh_counter >= 0)
);

CREATE INDEX platform_sessions_system_user_id_idx ON shared.platform_sessions (system_user_id, last_used_at);

COMMENT ON TABLE shared.platform_sessions IS 'Sessions of system users.';
COMMENT ON COLUMN shared.platform_sessions.id IS 'UUID v7, made by the server at each login; the claim `sid` of its tokens.';
COMMENT ON COLUMN shared.platform_sessions.system_user_id IS 'Whose session it is.';
COMMENT ON COLUMN shared.platform_sessions.refresh_key IS 'Key under which the refresh tokens of this session are authenticated.';
COMMENT ON COLUMN shared.platform_sessions.refresh_counter IS 'Number of the newest refresh token; an older one that comes back is a replay.';
COMMENT ON COLUMN shared.platform_sessions.ip IS 'Address that logged in.';
COMMENT ON COLUMN shared.platform_sessions.user_agent IS 'Client that logged in, in its own words.';
COMMENT ON COLUMN shared.platform_sessions.created_at IS 'When the login happened.';
COMMENT ON COLUMN shared.platform_sessions.last_used_at IS 'When the session was last refreshed; idle time counts from here.';
COMMENT ON COLUMN shared.platform_sessions.expires_at IS 'Absolute end, which activity does not move.';
COMMENT ON COLUMN shared.platform_sessions.revoked_at IS 'When the session was ended before its time.';
COMMENT ON COLUMN shared.platform_sessions.revoked_reason IS 'Why it was ended: logout, eviction, reuse of a refresh token.';
