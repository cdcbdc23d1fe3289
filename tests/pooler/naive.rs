//! The control: the way that everybody tries first leaks behind a pooler of transactions, so the other tests here can fail.

use test_app::{PgBouncer, PoolMode};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

use super::twins::{TWIN, twins};

/// A client that binds its session to a tenant once, and believes that it stays bound.
async fn bound(bouncer: &PgBouncer, schema: &str) -> Client {
    let (client, driver) = tokio_postgres::connect(bouncer.url(), NoTls).await.unwrap();
    tokio::spawn(driver);
    let bind = format!("SET ROLE {schema}; SET search_path = {schema}");
    client.batch_execute(&bind).await.unwrap();
    client
}

async fn name_of_twin(client: &Client) -> String {
    let query = format!("SELECT last_name FROM users WHERE id = '{TWIN}'");
    let answer = client.simple_query(&query).await.unwrap();
    let row = answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    row.unwrap().to_owned()
}

#[tokio::test]
async fn a_tenant_that_is_set_in_a_session_serves_another_tenants_rows_where_transactions_are_pooled()
 {
    let (site, [acme, globex]) = twins().await;
    let bouncer = PgBouncer::start(site.database(), PoolMode::Transaction, 1);
    let of_acme = bound(&bouncer, &acme).await;
    let _of_globex = bound(&bouncer, &globex).await;
    assert_eq!(name_of_twin(&of_acme).await, format!("canary of {globex}"));
}

#[tokio::test]
async fn a_tenant_that_is_set_in_a_session_serves_its_own_rows_where_sessions_are_pooled() {
    let (site, [acme, globex]) = twins().await;
    let bouncer = PgBouncer::start(site.database(), PoolMode::Session, 2);
    let of_acme = bound(&bouncer, &acme).await;
    let _of_globex = bound(&bouncer, &globex).await;
    assert_eq!(name_of_twin(&of_acme).await, format!("canary of {acme}"));
}
