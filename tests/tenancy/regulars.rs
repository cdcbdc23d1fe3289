//! Tenants that come back to a connection run statements of their own there, which nobody else's visit makes void.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use tenant_schema::identity::User;
use test_app::TestPlatform;
use uuid::Uuid;

use super::session::{Session, two_tenants};

diesel::table! {
    pg_prepared_statements (name) {
        name -> Text,
        statement -> Text,
    }
}

/// How many statements are prepared on the connection that hold this text.
async fn prepared(conn: &connection::TenantConn, text: &str) -> i64 {
    let mut conn = conn;
    let statements = pg_prepared_statements::table
        .filter(pg_prepared_statements::statement.like(format!("%{text}%")));
    let statements = statements.filter(pg_prepared_statements::statement.like("%\"users\"%"));
    statements.count().get_result(&mut conn).await.unwrap()
}

#[tokio::test]
async fn a_tenant_that_comes_back_has_statements_of_its_own() {
    let site = TestPlatform::open_with(|config| config.pool.pool_max_connections = 1).await;
    let (acme, globex) = two_tenants(&site).await;
    let pools = &site.platform.pools;
    let mut backends = Vec::new();
    for (tenant, own) in [
        (&acme, 0),
        (&globex, 0),
        (&acme, 1),
        (&globex, 1),
        (&acme, 1),
    ] {
        let lease = pools.lease(tenant).await.unwrap();
        for _ in 0..2 {
            // Nobody has this id: what counts is the statement.
            let found = User::find_with_roles(Uuid::nil(), &lease).await;
            assert_eq!(found.err(), Some(diesel::result::Error::NotFound));
        }
        let mark = format!("/* tenant_{tenant} */");
        assert_eq!(prepared(&lease, &mark).await, own, "{mark}");
        backends.push(Session::of(&*lease).await.pid);
    }
    backends.dedup();
    assert_eq!(backends.len(), 1);
}

#[tokio::test]
async fn behind_the_marks_each_tenant_reads_its_own_rows() {
    let site = TestPlatform::open_with(|config| config.pool.pool_max_connections = 1).await;
    let (acme, globex) = two_tenants(&site).await;
    let twin = Uuid::now_v7();
    for tenant in [&acme, &globex] {
        site.run(&format!(
            "INSERT INTO tenant_{tenant}.users (id, email, username) VALUES ('{twin}', 'twin@example.com', 'of-{tenant}')"
        ))
        .await;
    }
    for _ in 0..5 {
        for tenant in [&acme, &globex] {
            let lease = site.platform.pools.lease(tenant).await.unwrap();
            let (user, _) = User::find_with_roles(twin, &lease).await.unwrap();
            assert_eq!(user.username, format!("of-{tenant}"));
        }
    }
}
