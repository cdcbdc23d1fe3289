//! Random traffic of two tenants over a few connections, with all that can go wrong: no lease is ever another tenant's.

use std::sync::Arc;
use std::time::Duration;

use platform_schema::TenantId;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use test_app::{TestPlatform, panic_on_purpose, serve_in_turn};
use tokio::time::timeout;

use super::login_roles::two_login_roles;
use super::session::{Session, fail, two_tenants};

/// Requests of the whole test.
const REQUESTS: usize = 2_000;

/// Tasks that the requests are dealt to.
const TASKS: usize = 6;

/// What a request does with its lease once it has looked round.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Finish,
    Fail,
    RollBack,
    Cancel,
    LeaveTransaction,
    Panic,
}

/// Whether it is the first tenant's request, and what it does.
fn request() -> impl Strategy<Value = (bool, Deed)> {
    let deed = prop_oneof![
        12 => Just(Deed::Finish),
        3 => Just(Deed::Fail),
        3 => Just(Deed::RollBack),
        1 => Just(Deed::Cancel),
        1 => Just(Deed::LeaveTransaction),
        1 => Just(Deed::Panic),
    ];
    (any::<bool>(), deed)
}

/// Serves one request: asserts that the lease is the tenant's, and misbehaves.
async fn serve(site: Arc<TestPlatform>, tenant: TenantId, deed: Deed) {
    let mut lease = site.platform.pools.lease(&tenant).await.unwrap();
    Session::of(&*lease).await.assert_of(&tenant);
    match deed {
        Deed::Finish => {}
        Deed::Fail => drop(fail(&lease).await.unwrap_err()),
        Deed::RollBack => {
            let work = lease.transaction(async |conn| fail(conn).await);
            drop(work.await.unwrap_err());
        }
        Deed::Cancel => {
            let statement = lease.batch("SELECT pg_sleep(0.05)");
            let given_up = timeout(Duration::from_millis(1), statement).await;
            given_up.unwrap_err();
        }
        Deed::LeaveTransaction => lease.begin().await.unwrap(),
        Deed::Panic => panic_on_purpose(),
    }
}

#[tokio::test]
async fn two_thousand_random_requests_of_two_tenants_never_meet() {
    let site = TestPlatform::open_with(|config| {
        config.pool.pool_max_connections = 4;
        config.pool.pool_max_per_tenant = 3;
        config.pool.pool_wait_ms = 30_000;
    })
    .await;
    let (acme, globex) = two_tenants(&site).await;
    never_meet(site, [acme, globex]).await;
}

#[tokio::test]
async fn tenants_of_different_login_roles_never_meet_and_stay_below_the_ceiling() {
    let (site, tenants) = two_login_roles(3).await;
    let pools = site.platform.pools.clone();
    never_meet(site, tenants).await;
    let view = pools.view();
    assert_eq!((view.lent, view.opening), (0, 0));
    assert!((1..=3).contains(&view.idle), "{view:?}");
    assert_ne!(view.closed.login_role, 0);
}

async fn never_meet(site: TestPlatform, [acme, globex]: [TenantId; 2]) {
    let site = Arc::new(site);
    let requests = prop::collection::vec(request(), REQUESTS)
        .new_tree(&mut TestRunner::default())
        .unwrap()
        .current();
    let tasks = requests.chunks(REQUESTS / TASKS).map(|chunk| {
        serve_in_turn(chunk.iter().map(|(is_first, deed)| {
            let tenant = if *is_first { &acme } else { &globex };
            serve(Arc::clone(&site), tenant.clone(), *deed)
        }))
    });
    futures_util::future::join_all(tasks).await;
}
