//! Which idle connection is lent, and when connections are replaced or closed.

use std::time::{Duration, Instant};

use test_app::TestPlatform;

use super::session::{Session, fail, two_tenants};

/// How soon something must have happened; generous, since machines are loaded.
const PATIENCE: Duration = Duration::from_secs(20);

/// Looks again and again until it is so.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn of_its_idle_connections_a_tenant_gets_the_one_used_last() {
    let site = TestPlatform::open().await;
    let (acme, _) = two_tenants(&site).await;
    let pools = &site.platform.pools;
    let (first, second) = (
        pools.lease(&acme).await.unwrap(),
        pools.lease(&acme).await.unwrap(),
    );
    let last = Session::of(&*first).await;
    drop(second);
    drop(first);
    let lease = pools.lease(&acme).await.unwrap();
    assert_eq!(Session::of(&*lease).await, last);
    assert_eq!(pools.view().hits, 1);
}

#[tokio::test]
async fn a_connection_that_idled_longer_is_bound_anew() {
    let site = TestPlatform::open().await;
    let (acme, globex) = two_tenants(&site).await;
    let pools = &site.platform.pools;
    let (old, recent) = (
        pools.platform().await.unwrap(),
        pools.lease(&acme).await.unwrap(),
    );
    let of_old = Session::of(&*old).await.pid;
    drop(old);
    drop(recent);
    let lease = pools.lease(&globex).await.unwrap();
    assert_eq!(Session::of(&*lease).await.pid, of_old);
}

#[tokio::test]
async fn a_connection_that_touched_its_number_of_schemas_is_replaced() {
    let site = TestPlatform::open_with(|config| {
        config.pool.pool_max_connections = 1;
        config.pool.pool_max_schemas = 2;
    })
    .await;
    let (acme, globex) = two_tenants(&site).await;
    let pools = &site.platform.pools;
    for tenant in [&acme, &acme, &globex] {
        drop(pools.lease(tenant).await.unwrap());
    }
    assert_eq!((pools.idle(), pools.view().closed.schemas), (0, 1));
    Session::of(&*pools.lease(&acme).await.unwrap())
        .await
        .assert_of(&acme);
}

#[tokio::test]
async fn a_connection_that_comes_back_to_tenants_it_knows_is_kept() {
    let site = TestPlatform::open_with(|config| {
        config.pool.pool_max_connections = 1;
        config.pool.pool_max_schemas = 3;
    })
    .await;
    let (acme, globex) = two_tenants(&site).await;
    let pools = &site.platform.pools;
    for tenant in [&acme, &globex, &acme, &globex, &acme] {
        drop(pools.lease(tenant).await.unwrap());
    }
    let view = pools.view();
    assert_eq!((view.idle, view.closed.schemas), (1, 0));
    assert_eq!((view.binds, view.rebinds), (1, 4));
}

#[tokio::test]
async fn an_old_connection_is_replaced() {
    let site = TestPlatform::open_with(|config| config.pool.pool_max_age = 1).await;
    let (acme, _) = two_tenants(&site).await;
    let pools = &site.platform.pools;
    until("no connection grew old", async || {
        drop(pools.lease(&acme).await.unwrap());
        pools.view().closed.age > 0
    })
    .await;
    pools.lease(&acme).await.unwrap();
}

#[tokio::test]
async fn a_connection_that_nobody_uses_is_closed() {
    let site = TestPlatform::open_with(|config| config.pool.pool_max_idle = 1).await;
    let (acme, _) = two_tenants(&site).await;
    let pools = &site.platform.pools;
    let lease = pools.lease(&acme).await.unwrap();
    let pid = Session::of(&*lease).await.pid;
    drop(lease);
    let lives = format!("SELECT pid::text FROM pg_stat_activity WHERE pid = {pid}");
    until("the connection stays", async || {
        site.texts(&lives).await.is_empty()
    })
    .await;
    assert_eq!(pools.idle(), 0);
    assert!(pools.view().closed.idle > 0);
}

#[tokio::test]
async fn when_all_idle_connections_died_a_lease_opens_a_new_one_at_once() {
    let site = TestPlatform::open().await;
    let (acme, globex) = two_tenants(&site).await;
    let pools = &site.platform.pools;
    let mut held = Vec::new();
    for _ in 0..6 {
        held.push(pools.lease(&acme).await.unwrap());
    }
    let dead: Vec<i32> = futures_util::future::join_all(
        held.iter()
            .map(async |lease| Session::of(&**lease).await.pid),
    )
    .await;
    drop(held);
    for pid in &dead {
        site.run(&format!("SELECT pg_terminate_backend({pid})"))
            .await;
    }
    // Whether the pools have heard of it yet or not.
    let lease = pools.lease(&globex).await.unwrap();
    let session = Session::of(&*lease).await;
    session.assert_of(&globex);
    assert!(!dead.contains(&session.pid));
    assert!(pools.view().closed.lost > 0);
}

#[tokio::test]
async fn a_tenant_that_cannot_be_bound_costs_nobody_a_connection() {
    let site = TestPlatform::open().await;
    let (acme, globex) = two_tenants(&site).await;
    site.run(&format!(
        "DROP OWNED BY tenant_{globex}; DROP ROLE tenant_{globex}"
    ))
    .await;
    let pools = &site.platform.pools;
    drop(pools.lease(&acme).await.unwrap());
    let opened = pools.view().opened;
    for _ in 0..3 {
        pools.lease(&globex).await.unwrap_err();
    }
    let lease = pools.lease(&acme).await.unwrap();
    Session::of(&*lease).await.assert_of(&acme);
    assert_eq!(pools.view().opened, opened);
}

#[tokio::test]
async fn what_happened_is_counted() {
    let site = TestPlatform::open_with(|config| config.pool.pool_max_connections = 1).await;
    let (acme, globex) = two_tenants(&site).await;
    let pools = &site.platform.pools;
    for tenant in [&acme, &acme, &acme, &globex] {
        drop(pools.lease(tenant).await.unwrap());
    }
    let lease = pools.lease(&acme).await.unwrap();
    fail(&lease).await.unwrap_err();
    let view = pools.view();
    assert_eq!((view.lent, view.idle, view.opening), (1, 0, 0));
    assert_eq!((view.hits, view.binds, view.rebinds), (2, 1, 2));
    let first = view.tenants.by_leases.first().unwrap();
    assert_eq!((&first.tenant, first.count), (&acme, 4));
    let held = &view.tenants.by_held;
    assert_eq!(held.len(), 1);
    assert_eq!((&held[0].tenant, held[0].count), (&acme, 1));
    drop(lease);
    assert_eq!((pools.view().lent, pools.view().idle), (0, 1));
}
