//! Limits: what one tenant may take, the order in which those who wait are served, and the deadline of all of it.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use platform_schema::Limits;
use rowhouse::database::Connector;
use rowhouse::tenancy::{PoolError, TenantPools};
use test_app::{TestPlatform, config};

use super::session::{Session, setting, two_tenants};

/// How long a lease is waited for where it cannot be had.
const WAIT: u32 = 150;

/// Pools of one connection to a server that is not PostgreSQL.
fn pools_at(port: u16) -> TenantPools {
    let url = format!("postgres://nobody@127.0.0.1:{port}/nothing?sslmode=disable");
    let mut config = config(&url).pool;
    config.pool_max_connections = 1;
    config.pool_wait_ms = WAIT;
    TenantPools::new(Connector::new(&url, 30).unwrap(), &config)
}

#[tokio::test]
async fn a_tenant_holds_no_more_than_its_own_limit_and_follows_its_change() {
    let site = TestPlatform::open_with(|config| config.pool.pool_wait_ms = WAIT).await;
    let (acme, globex) = two_tenants(&site).await;
    let pools = &site.platform.pools;
    let one = Limits {
        max_connections: Some(1),
        ..Limits::default()
    };
    let held = pools.lease_within(&acme, &one).await.unwrap();
    let refused = pools.lease_within(&acme, &one).await.unwrap_err();
    assert!(matches!(refused, PoolError::Exhausted { .. }), "{refused}");
    pools.lease_within(&globex, &one).await.unwrap();
    let more = pools.lease(&acme).await.unwrap();
    drop((held, more));
    assert_eq!(pools.view().exhausted, 1);
}

#[tokio::test]
async fn a_statement_timeout_is_in_force_for_its_tenant_alone() {
    let site = TestPlatform::open_with(|config| config.pool.pool_max_connections = 1).await;
    let (acme, globex) = two_tenants(&site).await;
    let pools = &site.platform.pools;
    let short = Limits {
        statement_timeout: Some(250),
        ..Limits::default()
    };
    let lease = pools.lease_within(&acme, &short).await.unwrap();
    assert_eq!(setting("statement_timeout", &lease).await, "250ms");
    drop(lease);
    for tenant in [&acme, &globex] {
        let lease = pools.lease(tenant).await.unwrap();
        assert_eq!(setting("statement_timeout", &lease).await, "30s");
        drop(lease);
        let lease = pools.lease_within(tenant, &short).await.unwrap();
        assert_eq!(setting("statement_timeout", &lease).await, "250ms");
    }
    let platform = pools.platform().await.unwrap();
    assert_eq!(setting("statement_timeout", &platform).await, "30s");
    assert_eq!(pools.view().opened, 1);
}

#[tokio::test]
async fn a_quiet_tenant_is_served_next_however_many_of_a_noisy_one_wait() {
    let site = TestPlatform::open_with(|config| {
        config.pool.pool_max_connections = 2;
        config.pool.pool_max_per_tenant = 2;
        config.pool.pool_wait_ms = 30_000;
    })
    .await;
    let (noisy, quiet) = two_tenants(&site).await;
    let pools = &site.platform.pools;
    let held = (
        pools.lease(&noisy).await.unwrap(),
        pools.lease(&noisy).await.unwrap(),
    );
    let served = Mutex::new(Vec::new());
    let serve = async |name, tenant| {
        let lease = pools.lease(tenant).await.unwrap();
        served.lock().unwrap().push(name);
        Session::of(&*lease).await.assert_of(tenant);
    };
    let crowd = futures_util::future::join_all((0..300).map(|_| serve("noisy", &noisy)));
    let give_back = async {
        // A task polls so many futures at once and no more. Of those who wait, none is held.
        while pools.view().waiting < 301 {
            assert_eq!(pools.view().tenants.by_held[0].count, 2);
            tokio::task::yield_now().await;
        }
        drop(held.0);
        while served.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        drop(held.1);
    };
    tokio::join!(crowd, serve("quiet", &quiet), give_back);
    let served = served.into_inner().unwrap();
    assert_eq!(served.first(), Some(&"quiet"));
    assert_eq!(served.len(), 301);
}

#[tokio::test]
async fn a_server_that_does_not_answer_costs_the_wait_and_no_place() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let pools = pools_at(listener.local_addr().unwrap().port());
    for _ in 0..3 {
        let begun = Instant::now();
        let error = pools.platform().await.unwrap_err();
        assert!(matches!(error, PoolError::Database(_)), "{error}");
        assert!(begun.elapsed() >= Duration::from_millis(WAIT.into()));
    }
    assert_eq!((pools.view().opening, pools.view().opened), (0, 0));
}

#[tokio::test]
async fn a_connection_that_cannot_be_opened_costs_no_place() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let pools = pools_at(port);
    for _ in 0..3 {
        let error = pools.platform().await.unwrap_err();
        assert!(matches!(error, PoolError::Database(_)), "{error}");
    }
    assert_eq!(pools.view().exhausted, 0);
}
