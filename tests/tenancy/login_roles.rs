//! Login roles of their own: which tenants' connections are opened under which, and who makes room for whom.

use platform_schema::TenantId;
use test_app::{TestPlatform, provision};

use super::session::{Session, login_of, two_tenants};

/// A platform with two login roles and so many connections at most, a tenant of the first, and one of the second.
pub(crate) async fn two_login_roles(most: u32) -> (TestPlatform, [TenantId; 2]) {
    let site = TestPlatform::open_with(|config| {
        config.pool.login_roles = 2;
        config.pool.pool_max_connections = most;
        config.pool.pool_wait_ms = 30_000;
    })
    .await;
    let connector = site.platform.pools.connector();
    let mut tenants = [None, None];
    for number in 0.. {
        if let [Some(first), Some(second)] = tenants {
            return (site, [first, second]);
        }
        let slug = format!("tenant-{number}");
        let id = provision(&site.platform, &slug, "alice").await.tenant.id;
        let place = usize::from(connector.login_role_of(&id).number()) - 1;
        tenants.get_mut(place).unwrap().get_or_insert(id);
    }
    unreachable!("every second tenant is of the other login role");
}

#[tokio::test]
async fn tenants_of_different_login_roles_are_served_by_sessions_that_cannot_take_each_others_role()
{
    let (site, tenants) = two_login_roles(3).await;
    let pools = &site.platform.pools;
    let database = site.texts("SELECT current_database()::text").await;
    let database = database.first().unwrap();
    assert_eq!(
        login_of(&*pools.platform().await.unwrap()).await,
        "rowhouse"
    );
    for (tenant, number) in tenants.iter().zip(1..) {
        let lease = pools.lease(tenant).await.unwrap();
        Session::of(&*lease).await.assert_of(tenant);
        let login = login_of(&*lease).await;
        assert_eq!(login, format!("{database}_login_0{number}"));
        for other in tenants.iter().filter(|other| *other != tenant) {
            let role = format!("tenant_{other}");
            let refused = lease.batch(&format!("SET ROLE {role}")).await.unwrap_err();
            let message = format!("permission denied to set role \"{role}\"");
            assert_eq!(refused.to_string(), message);
        }
        lease.batch("RESET ROLE").await.unwrap();
        let others = format!("SELECT FROM tenant_{tenant}.users");
        lease.batch(&others).await.unwrap_err();
    }
}

#[tokio::test]
async fn at_a_ceiling_of_one_all_login_roles_are_served_in_turn() {
    let (site, [first, second]) = two_login_roles(1).await;
    let pools = &site.platform.pools;
    drop(pools.platform().await.unwrap());
    let before = pools.view();
    for tenant in [&first, &second, &first] {
        for _ in 0..2 {
            let lease = pools.lease(tenant).await.unwrap();
            Session::of(&*lease).await.assert_of(tenant);
        }
        assert_eq!(pools.idle(), 1);
    }
    assert_eq!(
        login_of(&*pools.platform().await.unwrap()).await,
        "rowhouse"
    );
    let after = pools.view();
    assert_eq!(after.closed.login_role - before.closed.login_role, 4);
    assert_eq!(after.opened - before.opened, 4);
}

#[tokio::test]
async fn the_longest_idle_of_another_login_role_makes_room_and_none_does_below_the_ceiling() {
    let (site, [first, second]) = two_login_roles(3).await;
    let pools = &site.platform.pools;
    drop(pools.lease(&second).await.unwrap());
    let platform = Session::of(&*pools.platform().await.unwrap()).await;
    let held = pools.lease(&first).await.unwrap();
    assert_eq!((pools.idle(), pools.view().closed.login_role), (2, 0));

    let also_held = pools.lease(&first).await.unwrap();
    assert_eq!((pools.idle(), pools.view().closed.login_role), (1, 1));
    assert_eq!(
        Session::of(&*pools.platform().await.unwrap()).await,
        platform
    );
    drop((held, also_held));
}

#[tokio::test]
async fn tenants_of_one_login_role_take_each_others_connections() {
    let site = TestPlatform::open_with(|config| {
        config.pool.login_roles = 1;
        config.pool.pool_max_connections = 1;
    })
    .await;
    let (acme, globex) = two_tenants(&site).await;
    let pools = &site.platform.pools;
    let session = Session::of(&*pools.lease(&acme).await.unwrap()).await;
    session.assert_of(&acme);
    let next = Session::of(&*pools.lease(&globex).await.unwrap()).await;
    next.assert_of(&globex);
    assert_eq!(next.pid, session.pid);
}
