//! The control: the way that everybody tries first leaks behind a pooler of transactions, so the other tests here can fail.

use platform_schema::TenantId;
use test_app::{PgBouncer, PoolMode};
use tokio_postgres::{Client, NoTls};

use super::site::{Site, TWIN, canary};

/// A client that binds its session to a tenant once, and believes that it stays bound.
async fn bound(bouncer: &PgBouncer, tenant: &TenantId) -> Client {
    let (client, driver) = tokio_postgres::connect(bouncer.url(), NoTls).await.unwrap();
    tokio::spawn(driver);
    let bind = format!("SET ROLE tenant_{tenant}; SET search_path = tenant_{tenant}");
    client.batch_execute(&bind).await.unwrap();
    client
}

async fn name_of_twin(client: &Client) -> String {
    let query = format!("SELECT last_name FROM users WHERE id = '{TWIN}'");
    let answer = client.simple_query(&query).await.unwrap();
    let row = answer.iter().find_map(|message| match message {
        tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    row.unwrap().to_owned()
}

#[tokio::test]
async fn a_tenant_set_in_a_session_serves_another_tenants_rows_where_transactions_are_pooled() {
    let site = Site::open(2, 1).await;
    let [acme, globex] = [&site.tenants[0], &site.tenants[1]];
    let of_acme = bound(&site.bouncer, acme).await;
    let _of_globex = bound(&site.bouncer, globex).await;
    assert_eq!(name_of_twin(&of_acme).await, canary(globex));
}

#[tokio::test]
async fn a_tenant_set_in_a_session_serves_its_own_rows_where_sessions_are_pooled() {
    let site = Site::open(2, 1).await;
    let [acme, globex] = [&site.tenants[0], &site.tenants[1]];
    let bouncer = PgBouncer::start(site.database(), PoolMode::Session, 2);
    let of_acme = bound(&bouncer, acme).await;
    let _of_globex = bound(&bouncer, globex).await;
    assert_eq!(name_of_twin(&of_acme).await, canary(acme));
}
