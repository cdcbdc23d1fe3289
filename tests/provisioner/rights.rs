//! Rights of the roles: a tenant's role reaches its own schema alone, and the login role no schema by accident.

use test_app::{TestPlatform, provision};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

/// A platform with two tenants, of which the connection is bound to the first: the schemas of both.
async fn bound_to_acme() -> (TestPlatform, String, String) {
    let site = TestPlatform::open().await;
    let acme = provision(&site.platform, "acme", "alice").await.tenant;
    let globex = provision(&site.platform, "globex", "mallory").await.tenant;
    let schema = &acme.schema;
    site.run(&format!("SET ROLE {schema}; SET search_path = {schema}"))
        .await;
    (site, acme.schema, globex.schema)
}

async fn refusal(client: &Client, sql: &str) -> Option<SqlState> {
    let outcome = client.batch_execute(sql).await;
    outcome.err().and_then(|error| error.code().cloned())
}

#[tokio::test]
async fn a_tenants_role_reads_and_writes_its_own_rows() {
    let (site, ..) = bound_to_acme().await;
    site.run(
        "INSERT INTO activity_log (action, subject_type) VALUES ('a', 'b'); UPDATE activity_log SET action = 'c';
         DELETE FROM activity_log; SELECT FROM users",
    )
    .await;
}

#[tokio::test]
async fn a_tenants_role_cannot_reach_another_tenant_or_the_platform() {
    let (site, _, globex) = bound_to_acme().await;
    for sql in [
        format!("SELECT FROM {globex}.users"),
        format!("UPDATE {globex}.users SET username = 'x'"),
        format!("SELECT '{globex}.users'::regclass"),
        format!("SET ROLE {globex}; SELECT FROM shared.tenants"),
        "SELECT FROM shared.tenants".to_owned(),
        "SELECT FROM shared.signing_keys".to_owned(),
        "SELECT FROM tenant_template.activity_log".to_owned(),
    ] {
        let state = refusal(&site.client, &sql).await;
        assert_eq!(state, Some(SqlState::INSUFFICIENT_PRIVILEGE), "{sql}");
    }
}

#[tokio::test]
async fn a_tenants_role_creates_and_drops_nothing() {
    let (site, acme, _) = bound_to_acme().await;
    for sql in [
        "CREATE TABLE mine (id integer)".to_owned(),
        "CREATE TABLE public.mine (id integer)".to_owned(),
        "CREATE SCHEMA mine".to_owned(),
        "CREATE ROLE mine".to_owned(),
        "ALTER TABLE users ADD hat text".to_owned(),
        "DROP TABLE users CASCADE".to_owned(),
        "TRUNCATE users CASCADE".to_owned(),
        format!("DROP SCHEMA {acme} CASCADE"),
    ] {
        let state = refusal(&site.client, &sql).await;
        assert_eq!(state, Some(SqlState::INSUFFICIENT_PRIVILEGE), "{sql}");
    }
}

#[tokio::test]
async fn a_tenants_role_only_adds_to_its_logs() {
    let (site, ..) = bound_to_acme().await;
    for table in ["audit_logs", "api_audit_logs"] {
        assert_eq!(
            refusal(&site.client, &format!("SELECT FROM {table}")).await,
            None
        );
        for sql in [
            format!("UPDATE {table} SET created_at = now()"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table}"),
        ] {
            let state = refusal(&site.client, &sql).await;
            assert_eq!(state, Some(SqlState::INSUFFICIENT_PRIVILEGE), "{sql}");
        }
    }
}

#[tokio::test]
async fn nobody_logs_in_as_a_tenants_role() {
    let (site, acme, _) = bound_to_acme().await;
    let attributes = format!(
        "SELECT concat_ws(' ', rolcanlogin, rolinherit, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls)
           FROM pg_roles WHERE rolname = '{acme}'"
    );
    assert_eq!(site.texts(&attributes).await, ["f f f f f f"]);
}

#[tokio::test]
async fn an_unqualified_name_of_the_login_role_means_nothing() {
    let (site, ..) = bound_to_acme().await;
    let conn = site.platform.pools.platform().await.unwrap();
    for table in ["users", "tenants", "activity_log"] {
        let error = conn
            .batch(&format!("SELECT FROM {table}"))
            .await
            .unwrap_err();
        let expected = format!("relation \"{table}\" does not exist");
        assert_eq!(error.to_string(), expected);
    }
    let error = conn
        .batch("CREATE TABLE stray (id integer)")
        .await
        .unwrap_err();
    let expected = "no schema has been selected to create in";
    assert_eq!(error.to_string(), expected);
}
