CREATE TABLE shared.system_users (
    id uuid PRIMARY KEY,
    email text NOT NULL,
    password_hash text NOT NULL,
    role text NOT NULL,
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    last_login_at timestamptz,
    CONSTRAINT system_users_role_check CHECK (role IN ('super_admin', 'operator', 'support'))
);

CREATE UNIQUE INDEX system_users_email_key ON shared.system_users (lower(email));

COMMENT ON TABLE shared.system_users IS 'People who run the platform; never the users of a tenant.';
COMMENT ON COLUMN shared.system_users.id IS 'UUID v7, made by the server.';
COMMENT ON COLUMN shared.system_users.email IS 'E-mail address to log in with, unique whatever its case.';
COMMENT ON COLUMN shared.system_users.password_hash IS 'Versioned hash of the password.';
COMMENT ON COLUMN shared.system_users.role IS 'What the system user may do: `super_admin`, `operator` or `support` (read only).';
COMMENT ON COLUMN shared.system_users.is_active IS 'Whether the system user may log in.';
COMMENT ON COLUMN shared.system_users.created_at IS 'When the system user was made.';
COMMENT ON COLUMN shared.system_users.updated_at IS 'When the row last changed, logins aside.';
COMMENT ON COLUMN shared.system_users.last_login_at IS 'When the system user last logged in.';
