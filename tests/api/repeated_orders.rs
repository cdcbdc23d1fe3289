//! Orders of tenants that carry an `Idempotency-Key` are carried out once, however often they are sent (rule 74).

use futures_util::future::join_all;
use platform_schema::SystemUserRole;
use serde_json::json;
use test_app::{TestApp, TestDatabase, config};

use crate::tenants::{create_with_key, order};

/// Rule 74.
#[tokio::test]
async fn a_repeated_order_gets_the_same_answer() {
    let (app, ..) = TestApp::with_two_tenants().await;
    let root = app.platform_admin().await;
    let first = create_with_key(&root, "order-1", &order("initech"))
        .await
        .expect_status(201);
    let again = create_with_key(&root, "order-1", &order("initech"))
        .await
        .expect_status(201);
    assert_eq!(again.text, first.text);
    assert_eq!(again.header("Location"), first.header("Location"));
    let other = create_with_key(&root, "order-1", &order("umbrella"))
        .await
        .expect_status(422);
    assert_eq!(other.code(), "idempotency_key_reused");
    let unkeyed = root.post("/api/v1/tenants", &order("initech")).await;
    unkeyed.expect_status(409);
    for key in ["", &"k".repeat(256)] {
        create_with_key(&root, key, &order("umbrella"))
            .await
            .expect_status(400);
    }
}

/// Rule 74: a key means nothing to somebody else.
#[tokio::test]
async fn a_key_belongs_to_the_one_who_sent_it() {
    let (app, ..) = TestApp::with_two_tenants().await;
    let root = app.platform_admin().await;
    let operator = app
        .system_user("op@platform.example", SystemUserRole::Operator)
        .await;
    create_with_key(&root, "key", &order("initech"))
        .await
        .expect_status(201);
    create_with_key(&operator, "key", &order("umbrella"))
        .await
        .expect_status(201);
}

/// Rule 74.
#[tokio::test]
async fn of_eight_equal_orders_at_once_one_tenant_is_made() {
    let (app, ..) = TestApp::with_two_tenants().await;
    let root = app.platform_admin().await;
    let body = order("initech");
    let answers = join_all((0..8).map(|_| create_with_key(&root, "order-8", &body))).await;
    let (made, busy): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert!(!made.is_empty());
    for answer in &made {
        assert_eq!(answer.text, made[0].text);
    }
    for answer in &busy {
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (409, "idempotency_in_progress")
        );
    }
    let repeated = create_with_key(&root, "order-8", &body)
        .await
        .expect_status(201);
    assert_eq!(repeated.text, made[0].text);
    let list = root.get("/api/v1/tenants").await;
    assert_eq!(list.at("/pagination/total"), json!(3));
}

/// What the platform keeps of an order with a first admin's password, where passwords are mixed with `pepper`.
async fn kept_of_an_order(pepper: &str) -> Vec<u8> {
    let database = TestDatabase::create().await;
    let mut config = config(database.url());
    config.identity.password_pepper = pepper.to_owned().into();
    let (app, ..) = TestApp::on(database, config, |_| {}).await;
    let root = app.platform_admin().await;
    let created = create_with_key(&root, "first", &order("initech")).await;
    created.expect_status(201);
    let client = app.database().client().await;
    let sql = "SELECT request_hash FROM shared.idempotency_keys";
    client.query_one(sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn who_reads_the_receipt_of_an_order_cannot_guess_the_password_in_it() {
    let (one, another) = tokio::join!(
        kept_of_an_order("one pepper of a platform's passwords"),
        kept_of_an_order("another pepper of a platform's passwords")
    );
    assert_ne!(one, another);
}
