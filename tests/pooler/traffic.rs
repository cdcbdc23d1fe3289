//! Random traffic of many tenants on two sessions, with all that can go wrong: nobody ever reads another tenant's row.

use std::sync::Arc;
use std::time::Duration;

use diesel_async::RunQueryDsl;
use platform_schema::TenantId;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rowhouse::tenancy::{Lease, Ledger};
use tenant_schema::identity::User;
use test_app::{panic_on_purpose, serve_in_turn};
use tokio::time::timeout;

use super::site::{Site, TWIN, canary};

/// Tenants, and sessions of the pooler for all of them.
const TENANTS: usize = 20;
const SESSIONS: u32 = 2;

/// Requests of the whole test, and tasks that they are dealt to.
const REQUESTS: usize = 2_000;
const TASKS: usize = 8;

diesel::define_sql_function! {
    /// A setting, and an error where there is none.
    fn current_setting(name: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

/// What a request does with its lease once it has read its row.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Finish,
    Drop,
    Fail,
    RollBack,
    Cancel,
    GiveUp,
    LeaveTransaction,
    Panic,
}

/// Whose request it is, and what it does.
fn request() -> impl Strategy<Value = (usize, Deed)> {
    let deed = prop_oneof![
        6 => Just(Deed::Finish),
        6 => Just(Deed::Drop),
        2 => Just(Deed::Fail),
        2 => Just(Deed::RollBack),
        1 => Just(Deed::Cancel),
        1 => Just(Deed::GiveUp),
        1 => Just(Deed::LeaveTransaction),
        1 => Just(Deed::Panic),
    ];
    (0..TENANTS, deed)
}

async fn assert_own_row(lease: &Lease, tenant: &TenantId) {
    let twin = User::find(TWIN, lease).await.unwrap();
    assert_eq!(twin.last_name, Some(canary(tenant)));
}

/// Serves one request.
async fn serve(site: Arc<Site>, tenant: TenantId, deed: Deed) {
    let ledger = Ledger::default();
    let pools = site.platform.pools.for_request(|| ledger.clone());
    let mut lease = pools.lease(&tenant).await.unwrap();
    assert_own_row(&lease, &tenant).await;
    match deed {
        Deed::Finish => lease.finish().await.unwrap(),
        Deed::Drop => {
            drop(lease);
            ledger.settled().await.unwrap();
        }
        Deed::Fail => {
            let mut conn = &*lease;
            let missing = diesel::select(current_setting("no.such_setting"));
            missing.get_result::<String>(&mut conn).await.unwrap_err();
            drop(lease);
            ledger.settled().await.unwrap_err();
        }
        Deed::RollBack => {
            let work = lease.transaction(async |conn| {
                let mut conn = &*conn;
                let missing = diesel::select(current_setting("no.such_setting"));
                missing.get_result::<String>(&mut conn).await
            });
            work.await.unwrap_err();
            assert_own_row(&lease, &tenant).await;
        }
        Deed::Cancel => {
            let statement = lease.batch("SELECT pg_sleep(0.05)");
            timeout(Duration::from_millis(1), statement)
                .await
                .unwrap_err();
        }
        Deed::GiveUp => ledger.close(),
        Deed::LeaveTransaction => lease.begin().await.unwrap(),
        Deed::Panic => panic_on_purpose(),
    }
}

#[tokio::test]
async fn two_thousand_random_requests_of_twenty_tenants_never_meet() {
    let site = Arc::new(Site::open(TENANTS, SESSIONS).await);
    let requests = prop::collection::vec(request(), REQUESTS)
        .new_tree(&mut TestRunner::default())
        .unwrap()
        .current();
    let tasks =
        requests.chunks(REQUESTS / TASKS).map(|chunk| {
            serve_in_turn(chunk.iter().map(|(tenant, deed)| {
                serve(Arc::clone(&site), site.tenants[*tenant].clone(), *deed)
            }))
        });
    futures_util::future::join_all(tasks).await;
}
