//! Connections that were left dirty are closed and never lent again.

use std::time::{Duration, Instant};

use diesel::dsl::sql;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use platform_schema::TenantId;
use rowhouse::tenancy::{Lease, TenantPools};
use test_app::TestPlatform;
use tokio::time::timeout;

use super::session::{Session, fail, sleep_long, two_tenants};

/// How long a statement runs that somebody gives up waiting for.
const SLOW: &str = "SELECT pg_sleep(2)";

/// How long somebody waits for it.
const SHORT: Duration = Duration::from_millis(50);

/// How long the server gets to end a backend whose client is gone.
const PATIENCE: Duration = Duration::from_secs(20);

/// A platform with the lease of a tenant and the process of its backend.
async fn leased() -> (TestPlatform, TenantId, Lease, i32) {
    let site = TestPlatform::open().await;
    let (acme, _) = two_tenants(&site).await;
    let lease = site.platform.pools.lease(&acme).await.unwrap();
    let pid = Session::of(&*lease).await.pid;
    (site, acme, lease, pid)
}

/// Asserts that nobody gets the connection any more, and that it ends.
async fn assert_closed(site: &TestPlatform, tenant: &TenantId, pid: i32) {
    let pools: &TenantPools = &site.platform.pools;
    let mut leases = Vec::new();
    for _ in 0..3 {
        let lease = pools.lease(tenant).await.unwrap();
        let session = Session::of(&*lease).await;
        session.assert_of(tenant);
        assert_ne!(session.pid, pid);
        leases.push(lease);
    }
    wait_for_end(site, pid).await;
}

/// Waits until the server has ended a backend. In the pauses, the runtime reads what the server said last.
async fn wait_for_end(site: &TestPlatform, pid: i32) {
    let lives = format!("SELECT pid::text FROM pg_stat_activity WHERE pid = {pid}");
    let begun = Instant::now();
    loop {
        tokio::time::sleep(Duration::from_millis(20)).await;
        if site.texts(&lives).await.is_empty() {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "the backend {pid} lives");
    }
}

#[tokio::test]
async fn a_batch_cancelled_in_the_middle_closes_its_connection() {
    let (site, acme, lease, pid) = leased().await;
    timeout(SHORT, lease.batch(SLOW)).await.unwrap_err();
    drop(lease);
    assert_closed(&site, &acme, pid).await;
}

#[tokio::test]
async fn a_query_cancelled_in_the_middle_closes_its_connection() {
    let (site, acme, lease, pid) = leased().await;
    let mut conn = &*lease;
    let query = diesel::select(sql::<Text>("pg_sleep(2)::text")).get_result::<String>(&mut conn);
    timeout(SHORT, query).await.unwrap_err();
    drop(lease);
    assert_closed(&site, &acme, pid).await;
}

#[tokio::test]
async fn a_request_cancelled_with_its_lease_closes_the_connection() {
    let (site, acme, lease, pid) = leased().await;
    let request = async move { lease.batch(SLOW).await };
    timeout(SHORT, request).await.unwrap_err();
    assert_closed(&site, &acme, pid).await;
}

#[tokio::test]
async fn a_lease_left_inside_a_transaction_closes_its_connection() {
    let (site, acme, mut lease, pid) = leased().await;
    lease.begin().await.unwrap();
    drop(lease);
    assert_closed(&site, &acme, pid).await;
}

#[tokio::test]
async fn a_transaction_cancelled_between_statements_closes_its_connection() {
    let (site, acme, mut lease, pid) = leased().await;
    let work = lease.transaction(async |conn| {
        conn.batch("INSERT INTO activity_log (action, subject_type) VALUES ('a', 'b')")
            .await?;
        std::future::pending::<()>().await;
        Ok::<(), diesel::result::Error>(())
    });
    timeout(SHORT, work).await.unwrap_err();
    drop(lease);
    assert_closed(&site, &acme, pid).await;
    let rows = format!("SELECT action FROM tenant_{acme}.activity_log");
    assert_eq!(site.texts(&rows).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_panic_closes_the_connection() {
    let (site, acme, lease, pid) = leased().await;
    let handler = tokio::spawn(async move {
        lease.batch("SELECT 1").await.unwrap();
        panic!("a handler's panic");
    });
    assert!(handler.await.unwrap_err().is_panic());
    assert_closed(&site, &acme, pid).await;
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_not_lent_again() {
    let (site, acme, lease, pid) = leased().await;
    site.run(&format!("SELECT pg_terminate_backend({pid})"))
        .await;
    // The end of the connection comes after the server's last words, and nobody waits for it here.
    fail(&lease).await.unwrap_err();
    drop(lease);
    assert_closed(&site, &acme, pid).await;
}

#[tokio::test]
async fn a_connection_that_the_server_closed_in_the_middle_of_a_query_is_not_lent_again() {
    let (site, acme, lease, pid) = leased().await;
    let waiting = format!(
        "SELECT pid::text FROM pg_stat_activity WHERE pid = {pid} AND wait_event = 'PgSleep'"
    );
    let terminate = async {
        while site.texts(&waiting).await.is_empty() {
            tokio::task::yield_now().await;
        }
        site.run(&format!("SELECT pg_terminate_backend({pid})"))
            .await;
    };
    let (slept, ()) = tokio::join!(sleep_long(&lease), terminate);
    slept.unwrap_err();
    drop(lease);
    assert_closed(&site, &acme, pid).await;
}

#[tokio::test]
async fn an_idle_connection_that_the_server_closed_is_not_lent_again() {
    let (site, acme, lease, pid) = leased().await;
    drop(lease);
    site.run(&format!("SELECT pg_terminate_backend({pid})"))
        .await;
    wait_for_end(&site, pid).await;
    assert_closed(&site, &acme, pid).await;
}

#[tokio::test]
async fn a_statement_or_transaction_that_failed_spoils_nothing() {
    let (site, acme, mut lease, pid) = leased().await;
    fail(&lease).await.unwrap_err();
    let failed = lease.transaction(async |conn| fail(conn).await).await;
    failed.unwrap_err();
    drop(lease);
    let again = Session::of(&*site.platform.pools.lease(&acme).await.unwrap()).await;
    again.assert_of(&acme);
    assert_eq!(again.pid, pid);
}

#[tokio::test]
async fn sql_in_text_costs_the_connection() {
    for text in ["SELECT 1", "SET ROLE none"] {
        let (site, acme, lease, pid) = leased().await;
        lease.batch(text).await.unwrap();
        drop(lease);
        assert_closed(&site, &acme, pid).await;
    }
    let (site, acme, lease, pid) = leased().await;
    let mut conn = &*lease;
    let query = diesel::select(sql::<Text>("current_setting('search_path')"));
    query.get_result::<String>(&mut conn).await.unwrap();
    drop(lease);
    assert_closed(&site, &acme, pid).await;
}
