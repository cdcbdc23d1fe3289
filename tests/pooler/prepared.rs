//! Prepared statements: a pooler of transactions knows nothing of them, so none may outlive its transaction.

use std::fmt::Write;
use std::ops::Range;

use assert_cmd::Command;
use connection::TenantConn;
use diesel_async::RunQueryDsl;
use tenant_schema::identity::User;
use tokio_postgres::NoTls;

use super::site::{Site, TWIN, canary};

diesel::define_sql_function! {
    /// Fails in the words in which the server refuses a stale statement.
    fn call_it_stale() -> Integer;
}

/// Prepares, in the pooler's only session, a statement under each of these names, as another program would.
async fn occupy(site: &Site, names: Range<u32>) {
    let connected = tokio_postgres::connect(site.bouncer.url(), NoTls).await;
    let (client, driver) = connected.unwrap();
    tokio::spawn(driver);
    let mut statements = String::new();
    for name in names {
        write!(
            statements,
            "PREPARE s{name} AS SELECT 'another program'::text;"
        )
        .unwrap();
    }
    client.batch_execute(&statements).await.unwrap();
}

/// Names of the statements that are prepared in the pooler's only session.
async fn left_behind(site: &Site) -> Option<String> {
    let connected = tokio_postgres::connect(site.bouncer.url(), NoTls).await;
    let (client, driver) = connected.unwrap();
    tokio::spawn(driver);
    let left = "SELECT string_agg(name, ', ') FROM pg_prepared_statements";
    let left = client.simple_query(left).await.unwrap();
    left.iter().find_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    })
}

#[tokio::test]
async fn no_statement_outlives_its_lease() {
    let site = Site::open(1, 1).await;
    for _ in 0..3 {
        let lease = site.platform.pools.lease(&site.tenants[0]).await.unwrap();
        User::find(TWIN, &lease).await.unwrap();
        User::find_for_login("twin", &lease).await.unwrap();
        lease.finish().await.unwrap();
    }
    assert_eq!(left_behind(&site).await, None);
}

#[tokio::test]
async fn no_statement_outlives_its_lease_after_one_was_called_stale() {
    let site = Site::open(1, 1).await;
    let tenant = &site.tenants[0];
    let function = format!(
        "CREATE FUNCTION tenant_{tenant}.call_it_stale() RETURNS integer LANGUAGE plpgsql
         AS $$ BEGIN RAISE 'cached plan must not change result type'; END $$"
    );
    site.run(&function).await;
    let mut lease = site.platform.pools.lease(tenant).await.unwrap();
    let mut attempts = 0;
    let work = async |conn: &mut TenantConn| {
        attempts += 1;
        let mut shared: &TenantConn = conn;
        if attempts == 1 {
            diesel::select(call_it_stale()).execute(&mut shared).await?;
        }
        User::find(TWIN, conn).await
    };
    lease.transaction(work).await.unwrap();
    lease.finish().await.unwrap();
    assert_eq!(attempts, 2);
    assert_eq!(left_behind(&site).await, None);
}

/// Every process counts its statements from zero, so one that left them in the pooler's only session would be in the next
/// one's way.
#[tokio::test]
async fn processes_that_use_the_same_names_share_a_session() {
    let site = Site::open(1, 1).await;
    for _ in 0..3 {
        let mut list = Command::new(env!("CARGO_BIN_EXE_provision"));
        list.args(["tenant", "list"])
            .current_dir("/")
            .env_clear()
            .env("DATABASE_URL", site.bouncer.url())
            .env("DIRECT_DATABASE_URL", site.url());
        list.assert().success();
        let lease = site.platform.pools.lease(&site.tenants[0]).await.unwrap();
        let twin = User::find(TWIN, &lease).await.unwrap();
        assert_eq!(twin.last_name, Some(canary(&site.tenants[0])));
        lease.finish().await.unwrap();
    }
}

/// What another program has left in the session is in the way, and an error: never an answer of that program's statement.
#[tokio::test]
async fn statements_that_another_program_left_are_never_taken_for_ours() {
    let site = Site::open(1, 1).await;
    occupy(&site, 0..5_000).await;
    let refused = site.platform.pools.lease(&site.tenants[0]).await;
    let error = refused.unwrap_err().to_string();
    assert!(error.contains("already exists"), "{error}");
}
