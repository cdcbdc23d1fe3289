CREATE TABLE shared.login_roles (
    number smallint PRIMARY KEY,
    name text NOT NULL,
    password text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT login_roles_number_check CHECK (number BETWEEN 1 AND 1024),
    CONSTRAINT login_roles_name_key UNIQUE (name),
    CONSTRAINT login_roles_password_check CHECK (password <> '')
);

COMMENT ON TABLE shared.login_roles IS 'Login roles of the server that the tenants are dealt to, beside the one of `DATABASE_URL`; each takes the roles of its own tenants alone.';
COMMENT ON COLUMN shared.login_roles.number IS 'Place in the deal, from 1.';
COMMENT ON COLUMN shared.login_roles.name IS 'Name of the role.';
COMMENT ON COLUMN shared.login_roles.password IS 'What the processes of the platform log in with. Nobody else reads this table.';
COMMENT ON COLUMN shared.login_roles.created_at IS 'When the login role was made.';
