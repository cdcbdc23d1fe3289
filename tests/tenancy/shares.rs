//! Shares: one tenant holds so many connections and no more, and the others get theirs.

use std::time::{Duration, Instant};

use platform_schema::TenantId;
use rowhouse::tenancy::{Lease, PoolError, TenantPools};
use test_app::TestPlatform;

use super::session::{Session, two_tenants};

/// How long a lease is waited for here, in milliseconds.
const WAIT: u32 = 150;

/// Three connections, of which a tenant gets two at most.
async fn small() -> TestPlatform {
    TestPlatform::open_with(|config| {
        config.pool.pool_max_connections = 3;
        config.pool.pool_max_per_tenant = 2;
        config.pool.pool_wait_ms = WAIT;
    })
    .await
}

/// All that a tenant gets of [`small`].
async fn whole_share(pools: &TenantPools, tenant: &TenantId) -> [Lease; 2] {
    [
        pools.lease(tenant).await.unwrap(),
        pools.lease(tenant).await.unwrap(),
    ]
}

#[tokio::test]
async fn a_tenant_that_used_its_share_is_refused_after_the_wait_and_others_are_served() {
    let site = small().await;
    let (acme, globex) = two_tenants(&site).await;
    let pools = &site.platform.pools;
    let _held = whole_share(pools, &acme).await;
    let begun = Instant::now();
    let error = pools.lease(&acme).await.unwrap_err();
    let wait = Duration::from_millis(WAIT.into());
    assert!(matches!(error, PoolError::Exhausted { waited } if waited == wait));
    assert!(begun.elapsed() >= wait);

    let lease = pools.lease(&globex).await.unwrap();
    Session::of(&*lease).await.assert_of(&globex);
    let error = pools.lease(&globex).await.unwrap_err();
    assert!(matches!(error, PoolError::Exhausted { .. }), "{error}");
}

#[tokio::test]
async fn those_who_wait_for_a_share_take_no_place_from_others() {
    let site = small().await;
    let (acme, globex) = two_tenants(&site).await;
    let pools = &site.platform.pools;
    let _held = whole_share(pools, &acme).await;
    let waiting = futures_util::future::join_all((0..20).map(|_| pools.lease(&acme)));
    let (refused, served) = tokio::join!(waiting, pools.lease(&globex));
    assert!(refused.iter().all(Result::is_err));
    served.unwrap();
}

#[tokio::test]
async fn a_lease_given_back_serves_the_one_who_waits() {
    let site = TestPlatform::open_with(|config| config.pool.pool_max_per_tenant = 1).await;
    let (acme, _) = two_tenants(&site).await;
    let pools = &site.platform.pools;
    let held = pools.lease(&acme).await.unwrap();
    let pid = Session::of(&*held).await.pid;
    let give_back = async {
        tokio::task::yield_now().await;
        drop(held);
    };
    let (lease, ()) = tokio::join!(pools.lease(&acme), give_back);
    assert_eq!(Session::of(&*lease.unwrap()).await.pid, pid);
}

#[tokio::test]
async fn a_wait_that_is_given_up_costs_the_tenant_nothing() {
    let site = small().await;
    let (acme, _) = two_tenants(&site).await;
    let pools = &site.platform.pools;
    let held = whole_share(pools, &acme).await;
    for _ in 0..10 {
        let given_up = tokio::time::timeout(Duration::from_millis(1), pools.lease(&acme)).await;
        given_up.unwrap_err();
    }
    drop(held);
    let again = (pools.lease(&acme).await, pools.lease(&acme).await);
    assert!(again.0.is_ok() && again.1.is_ok());
}
