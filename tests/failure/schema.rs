//! Schemas that change under a pool whose connections have prepared statements for them: no client sees an error.
//!
//! PostgreSQL refuses a prepared statement whose result has another type than before: "cached plan must not change result
//! type". That is so after an upgrade, and also on a connection that goes from a tenant before it to a tenant after it.

use std::time::Duration;

use serde_json::json;
use test_app::{Caller, Chaos};

use crate::twins::{TWIN, Twins};

/// Types for a user's name that the platform reads alike.
const TYPES: [&str; 2] = ["varchar(64)", "text"];

/// Changes the type of acme's names, as an upgrade of this one tenant does.
async fn upgrade(twins: &Twins, to: &str) {
    let sql = format!("ALTER TABLE users ALTER COLUMN username TYPE {to}");
    twins.app.sql_in(&twins.app.acme, &sql).await;
}

/// Reads the twin, page and single, as both tenants.
async fn read(twins: &Twins) {
    for caller in [&twins.alice, &twins.mallory, &twins.mallory, &twins.alice] {
        caller
            .get(&format!("/users/{TWIN}"))
            .await
            .expect_status(200);
        caller.get("/users?per_page=20").await.expect_status(200);
    }
}

/// Changes the twin of one tenant.
async fn write(caller: &Caller, name: &str) {
    let path = format!("/users/{TWIN}");
    let before = caller.get(&path).await.expect_status(200);
    let etag = before.header("etag").unwrap_or_default().to_owned();
    let body = json!({ "first_name": name });
    let answer = caller.patch(&path, &etag, &body).await.expect_status(200);
    assert_eq!(answer.text_at("/data/first_name"), name);
}

#[tokio::test]
async fn reads_go_on_where_a_schema_changes_under_their_prepared_statements() {
    let twins = Twins::open(|_| {}).await;
    read(&twins).await;
    for to in TYPES {
        upgrade(&twins, to).await;
        read(&twins).await;
    }
}

#[tokio::test]
async fn a_transaction_is_done_once_where_a_schema_changes_under_its_prepared_statements() {
    let twins = Twins::open(|_| {}).await;
    for caller in [&twins.alice, &twins.mallory] {
        write(caller, "before").await;
    }
    for to in TYPES {
        upgrade(&twins, to).await;
        for caller in [&twins.alice, &twins.mallory] {
            write(caller, to).await;
            let made = caller.create_user("newcomer", &["viewer"]).await;
            let made = made.expect_status(201);
            let path = format!("/users/{}", made.text_at("/data/id"));
            let found = caller.get("/users?q=newcomer").await.expect_status(200);
            assert_eq!(found.at("/data").as_array().map(Vec::len), Some(1));
            let etag = made.header("etag").unwrap_or_default().to_owned();
            caller.delete(&path, &etag).await.expect_status(204);
        }
    }
}

#[tokio::test]
async fn what_a_changed_schema_leaves_in_a_connection_does_not_close_it() {
    let twins = Twins::open(|_| {}).await;
    read(&twins).await;
    let backend = twins.backend().await;
    upgrade(&twins, TYPES[0]).await;
    read(&twins).await;
    assert_eq!(twins.backend().await, backend);
}

#[tokio::test]
async fn no_request_fails_while_its_schema_changes() {
    let twins = Twins::open(|config| {
        config.pool.pool_max_connections = 3;
        config.pool.pool_max_per_tenant = 3;
    })
    .await;
    // Statements and changes of the schema get the chance to meet.
    twins.proxy.set(Chaos::Delay(Duration::from_millis(2)));
    for round in 0..20 {
        let name = format!("round {round}");
        let reads = async { tokio::join!(read(&twins), read(&twins), write(&twins.alice, &name)) };
        tokio::join!(upgrade(&twins, TYPES[round % 2]), reads);
    }
}
