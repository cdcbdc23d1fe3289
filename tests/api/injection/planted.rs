//! Statements that an attacker would plant.

use test_app::TestApp;

/// What another tenant and the platform have, to be read or written by one statement.
pub(crate) fn statements_beyond(app: &TestApp) -> Vec<String> {
    let globex = &app.globex.tenant.schema;
    [
        &format!("SELECT username AS value FROM {globex}.users"),
        &format!("INSERT INTO {globex}.activity_log (action, subject_type) VALUES ('a', 'b')"),
        &format!("UPDATE {globex}.users SET username = 'x'"),
        &format!("DELETE FROM {globex}.users"),
        &format!("TRUNCATE {globex}.users CASCADE"),
        &format!("DROP SCHEMA {globex} CASCADE"),
        &format!("INSERT INTO users SELECT * FROM {globex}.users"),
        &format!("SELECT query_to_xml('SELECT * FROM {globex}.users', true, true, '')::text AS value"),
        &format!("SELECT schema_to_xml('{globex}', true, true, '')::text AS value"),
        "SELECT name AS value FROM shared.tenants",
        "SELECT encode(private_key, 'hex') AS value FROM shared.signing_keys",
        "SELECT password AS value FROM shared.login_roles",
        "SELECT password_hash AS value FROM shared.system_users",
        "SELECT action AS value FROM tenant_template.activity_log",
        "SELECT rolpassword AS value FROM pg_catalog.pg_authid",
        "SELECT passwd AS value FROM pg_catalog.pg_shadow",
        "SELECT pg_read_file('/etc/passwd') AS value",
        "SELECT pg_ls_dir('.') AS value",
        "SELECT lo_import('/etc/passwd')::text AS value",
        "COPY users TO PROGRAM 'cat'",
        "COPY users FROM '/etc/passwd'",
        "SELECT pg_reload_conf()::text AS value",
        "SELECT pg_terminate_backend(pid)::text AS value FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()",
        "DROP TABLE users",
        "ALTER TABLE users ADD COLUMN backdoor text",
        "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC; SELECT FROM shared.tenants",
        "GRANT SELECT ON shared.tenants TO PUBLIC",
    ]
    .map(ToString::to_string)
    .to_vec()
}

/// What could be made, so that somebody else trips over it.
pub(crate) const CREATIONS: [&str; 12] = [
    "CREATE TABLE mine (id integer)",
    "CREATE TABLE public.mine (id integer)",
    "CREATE TEMPORARY TABLE users (id integer)",
    "CREATE TABLE pg_temp.users (id integer)",
    "SELECT 1 AS one INTO TEMPORARY users",
    "CREATE FUNCTION mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION pg_temp.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE VIEW pg_temp.users AS SELECT 1",
    "CREATE SCHEMA mine",
    "CREATE ROLE mine",
    "CREATE DATABASE mine",
    "CREATE EXTENSION dblink",
];
