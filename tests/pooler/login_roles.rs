//! Login roles of their own behind a pooler of transactions.

use std::collections::BTreeSet;

use rowhouse::platform::Platform;
use test_app::{PgBouncer, PoolMode, TestDatabase, TestPlatform, provision};

#[tokio::test]
async fn each_tenant_is_served_by_sessions_of_its_login_role() {
    let database = TestDatabase::create().await;
    let bouncer = PgBouncer::start(&database, PoolMode::Transaction, 1);
    let mut config = bouncer.config(&database);
    config.pool.login_roles = 2;
    config.pool.pool_max_connections = 2;
    let site = TestPlatform::on(database, &config).await;
    let mut logins = BTreeSet::new();
    for number in 0.. {
        if logins.len() == 2 {
            break;
        }
        let slug = format!("tenant-{number}");
        let tenant = provision(&site.platform, &slug, "alice").await.tenant.id;
        let connector = site.platform.pools.connector();
        let login = connector.login_role_name(connector.login_role_of(&tenant));
        let login = login.unwrap().to_owned();
        let lease = site.platform.pools.lease(&tenant).await.unwrap();
        let noted = "UPDATE users SET last_name = session_user, first_name = current_user";
        lease.batch(noted).await.unwrap();
        lease.finish().await.unwrap();
        let names =
            format!("SELECT concat_ws(' ', last_name, first_name) FROM tenant_{tenant}.users");
        assert_eq!(
            site.texts(&names).await,
            [format!("{login} tenant_{tenant}")]
        );
        logins.insert(login);
    }
}

#[tokio::test]
async fn a_pooler_that_logs_in_as_one_role_for_all_stops_the_start() {
    let database = TestDatabase::create().await;
    let bouncer = PgBouncer::start_with_one_login(&database);
    let mut config = bouncer.config(&database);
    Platform::open(&config).await.unwrap();
    config.pool.login_roles = 2;
    let message = Platform::open(&config).await.unwrap_err().to_string();
    let name = format!("`{}_login_02` arrives as another one", database.name());
    assert!(message.contains(&name), "{message}");
}
