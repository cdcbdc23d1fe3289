//! Leases: which connection is lent, and what it is bound to.

use test_app::TestPlatform;

use super::session::{Session, two_tenants};

#[tokio::test]
async fn a_tenant_gets_the_connection_that_is_bound_to_it() {
    let site = TestPlatform::open().await;
    let (acme, globex) = two_tenants(&site).await;
    let pools = &site.platform.pools;
    let (first, second) = (
        pools.lease(&acme).await.unwrap(),
        pools.lease(&globex).await.unwrap(),
    );
    let (of_acme, of_globex) = (Session::of(&*first).await, Session::of(&*second).await);
    of_acme.assert_of(&acme);
    of_globex.assert_of(&globex);
    drop(first);
    drop(second);
    for _ in 0..5 {
        assert_eq!(
            Session::of(&*pools.lease(&acme).await.unwrap()).await,
            of_acme
        );
        assert_eq!(
            Session::of(&*pools.lease(&globex).await.unwrap()).await,
            of_globex
        );
    }
    assert_eq!(pools.idle(), 2);
}

#[tokio::test]
async fn a_connection_of_one_tenant_serves_another_with_its_role_and_path() {
    let site = TestPlatform::open_with(|config| config.pool.pool_max_connections = 1).await;
    let (acme, globex) = two_tenants(&site).await;
    let pools = &site.platform.pools;
    let login = Session::of(&*pools.platform().await.unwrap()).await;
    assert_eq!(login.path, "\"\"");
    for tenant in [&acme, &globex, &acme, &acme] {
        let session = Session::of(&*pools.lease(tenant).await.unwrap()).await;
        session.assert_of(tenant);
        assert_eq!(session.pid, login.pid);
    }
    assert_eq!(Session::of(&*pools.platform().await.unwrap()).await, login);
}

#[tokio::test]
async fn a_tenant_without_a_schema_gets_no_lease_and_spoils_no_connection() {
    let site = TestPlatform::open_with(|config| config.pool.pool_max_connections = 1).await;
    let (acme, globex) = two_tenants(&site).await;
    site.run(&format!(
        "DROP OWNED BY tenant_{globex}; DROP ROLE tenant_{globex}"
    ))
    .await;
    let pools = &site.platform.pools;
    pools.lease(&globex).await.unwrap_err();
    let lease = pools.lease(&acme).await.unwrap();
    Session::of(&*lease).await.assert_of(&acme);
}

#[tokio::test]
async fn with_isolation_by_path_the_path_alone_is_bound() {
    let site = TestPlatform::open_with(|config| {
        config.pool.isolation = rowhouse::config::Isolation::Path;
        config.pool.pool_max_connections = 1;
    })
    .await;
    let (acme, globex) = two_tenants(&site).await;
    let pools = &site.platform.pools;
    let login = Session::of(&*pools.platform().await.unwrap()).await;
    for tenant in [&acme, &globex] {
        let session = Session::of(&*pools.lease(tenant).await.unwrap()).await;
        assert_eq!(session.path, format!("tenant_{tenant}"));
        assert_eq!(session.role, login.role);
    }
    assert_eq!(Session::of(&*pools.platform().await.unwrap()).await, login);
}
