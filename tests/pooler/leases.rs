//! Leases behind a pooler: bound for one transaction, committed when they end, and nothing stays behind.

use diesel_async::RunQueryDsl;
use platform_schema::Limits;
use rowhouse::tenancy::{Ledger, SettleError};
use tenant_schema::identity::{NewUser, User};
use tokio_postgres::NoTls;

use super::site::{Site, TWIN, canary};

diesel::define_sql_function! {
    /// A setting, and an error where there is none.
    fn current_setting(name: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

/// A user who is not there yet.
fn newcomer() -> NewUser {
    NewUser::new("new@example.com".to_owned(), "newcomer".to_owned())
}

/// What the sessions of a pooler with so many of them keep: role, path, limits, prepared statements.
async fn kept(site: &Site, sessions: usize) -> Vec<String> {
    let asked = "SELECT concat_ws(', ', current_user, current_setting('search_path'), current_setting('jit'),
        current_setting('statement_timeout'),
        (SELECT count(*) FROM pg_prepared_statements WHERE statement NOT LIKE '%pg_prepared%'))";
    let (mut clients, mut settings) = (Vec::new(), Vec::new());
    for _ in 0..sessions {
        let connected = tokio_postgres::connect(site.bouncer.url(), NoTls).await;
        let (client, driver) = connected.unwrap();
        tokio::spawn(driver);
        client.batch_execute("BEGIN").await.unwrap();
        settings.push(client.query_one(asked, &[]).await.unwrap().get(0));
        clients.push(client);
    }
    for client in clients {
        client.batch_execute("COMMIT").await.unwrap();
    }
    settings
}

#[tokio::test]
async fn a_lease_is_its_tenants_and_leaves_nothing_in_the_session() {
    let site = Site::open(2, 2).await;
    let untouched = kept(&site, 2).await;
    for tenant in site.tenants.iter().cycle().take(8) {
        let lease = site.platform.pools.lease(tenant).await.unwrap();
        let twin = User::find(TWIN, &lease).await.unwrap();
        assert_eq!(twin.last_name, Some(canary(tenant)));
        let mut conn = &*lease;
        let path = diesel::select(current_setting("search_path"));
        let path: String = path.get_result(&mut conn).await.unwrap();
        assert_eq!(path, format!("tenant_{tenant}"));
        lease.finish().await.unwrap();
        assert_eq!(kept(&site, 2).await, untouched);
    }
    assert_eq!(site.platform.pools.idle(), 1);
}

#[tokio::test]
async fn the_statement_time_of_a_tenants_plan_holds_for_its_transactions_alone() {
    let site = Site::open(2, 1).await;
    let untouched = kept(&site, 1).await;
    let plan = Limits {
        statement_timeout: Some(250),
        ..Limits::default()
    };
    let pools = &site.platform.pools;
    for (tenant, limits, expected) in [
        (0, plan, "250ms"),
        (1, Limits::default(), "30s"),
        (0, plan, "250ms"),
    ] {
        let tenant = &site.tenants[tenant];
        let lease = pools.lease_within(tenant, &limits).await.unwrap();
        let mut conn = &*lease;
        let timeout = diesel::select(current_setting("statement_timeout"));
        let timeout: String = timeout.get_result(&mut conn).await.unwrap();
        assert_eq!(timeout, expected);
        lease.finish().await.unwrap();
        assert_eq!(kept(&site, 1).await, untouched);
    }
}

#[tokio::test]
async fn a_lease_of_the_platform_sees_no_tenant() {
    let site = Site::open(1, 1).await;
    let lease = site.platform.pools.platform().await.unwrap();
    lease.batch("SELECT FROM shared.tenants").await.unwrap();
    let error = lease.batch("SELECT FROM users").await.unwrap_err();
    assert!(error.to_string().contains("users"), "{error}");
}

#[tokio::test]
async fn what_is_done_in_a_lease_is_kept_when_it_is_finished() {
    let site = Site::open(1, 1).await;
    let lease = site.platform.pools.lease(&site.tenants[0]).await.unwrap();
    newcomer().insert(&lease).await.unwrap();
    let here = format!(
        "SELECT FROM tenant_{}.users WHERE username = 'newcomer'",
        site.tenants[0]
    );
    assert_eq!(site.count(&here).await, 0);
    lease.finish().await.unwrap();
    assert_eq!(site.count(&here).await, 1);
}

#[tokio::test]
async fn a_dropped_lease_is_kept_once_the_ledger_of_its_request_is_settled() {
    let site = Site::open(1, 1).await;
    let ledger = Ledger::default();
    let pools = site.platform.pools.for_request(|| ledger.clone());
    let lease = pools.lease(&site.tenants[0]).await.unwrap();
    newcomer().insert(&lease).await.unwrap();
    drop(lease);
    ledger.settled().await.unwrap();
    let here = format!(
        "SELECT FROM tenant_{}.users WHERE username = 'newcomer'",
        site.tenants[0]
    );
    assert_eq!(site.count(&here).await, 1);
}

#[tokio::test]
async fn a_lease_that_ends_after_its_request_keeps_nothing() {
    let site = Site::open(1, 1).await;
    let ledger = Ledger::default();
    let pools = site.platform.pools.for_request(|| ledger.clone());
    let lease = pools.lease(&site.tenants[0]).await.unwrap();
    newcomer().insert(&lease).await.unwrap();
    ledger.close();
    drop(lease);
    // The pooler has one session: whoever gets it comes after the end of that transaction.
    let next = site.platform.pools.lease(&site.tenants[0]).await.unwrap();
    let found = User::find_for_login("newcomer", &next).await.unwrap();
    assert!(found.is_none());
}

#[tokio::test]
async fn a_statement_that_failed_spoils_the_lease_unless_it_was_in_an_inner_transaction() {
    let site = Site::open(1, 1).await;
    let pools = &site.platform.pools;
    let mut lease = pools.lease(&site.tenants[0]).await.unwrap();
    let mut twice = newcomer();
    twice.username = "twin".to_owned();
    let failed = lease.transaction(async |conn| twice.insert(conn).await);
    failed.await.unwrap_err();
    newcomer().insert(&lease).await.unwrap();
    lease.finish().await.unwrap();

    let lease = pools.lease(&site.tenants[0]).await.unwrap();
    twice.insert(&lease).await.unwrap_err();
    let error = lease.finish().await.unwrap_err();
    assert!(matches!(error, SettleError::RolledBack(_)), "{error}");
    // A clean end as far as the connection goes.
    assert_eq!(pools.idle(), 1);
}

#[tokio::test]
async fn a_commit_that_the_database_refuses_is_an_error() {
    let site = Site::open(1, 1).await;
    let tenant = &site.tenants[0];
    let late = format!(
        "ALTER TABLE tenant_{tenant}.users ADD CONSTRAINT late UNIQUE (last_name) DEFERRABLE INITIALLY DEFERRED"
    );
    site.run(&late).await;
    let lease = site.platform.pools.lease(tenant).await.unwrap();
    let twin = NewUser {
        last_name: Some(canary(tenant)),
        ..newcomer()
    };
    twin.insert(&lease).await.unwrap();
    let error = lease.finish().await.unwrap_err();
    assert!(matches!(error, SettleError::Refused(_)), "{error}");
}

#[tokio::test]
async fn text_that_changes_the_session_is_kept_and_the_change_is_not() {
    let site = Site::open(2, 1).await;
    let untouched = kept(&site, 1).await;
    let lease = site.platform.pools.lease(&site.tenants[0]).await.unwrap();
    let text = format!(
        "UPDATE users SET last_name = 'changed';
         SET search_path = tenant_{0}; SET ROLE tenant_{0};
         PREPARE left_behind AS SELECT 1; SELECT pg_advisory_lock(1)",
        site.tenants[1]
    );
    lease.batch(&text).await.unwrap();
    lease.finish().await.unwrap();
    assert_eq!(kept(&site, 1).await, untouched);
    let changed = format!(
        "SELECT FROM tenant_{}.users WHERE last_name = 'changed'",
        site.tenants[0]
    );
    assert_ne!(site.count(&changed).await, 0);
    // Other tests of the same server have locks of their own, in databases of their own.
    let locks = "SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = database
        WHERE locktype = 'advisory' AND datname = current_database()";
    assert_eq!(site.count(locks).await, 0);
}
