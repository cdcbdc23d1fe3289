//! What a tenant's plan allows it, and what a tenant beyond it costs the others: nothing.

use test_app::{TestApp, TestDatabase, config};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Gives acme a plan with these limits.
async fn subscribe_acme(app: &TestApp, limits: &str) {
    let acme = &app.acme.tenant.id;
    app.sql(&format!(
        "INSERT INTO shared.plans (name, {limits}); \
         UPDATE shared.tenants SET plan = 'small' WHERE id = '{acme}'"
    ))
    .await;
}

#[tokio::test]
async fn a_tenant_beyond_the_rate_of_its_plan_waits_and_the_others_do_not() {
    let (app, _, alice, mallory) = TestApp::with_two_tenants().await;
    // One request a minute and one at once: what follows comes too soon however slow the machine is.
    subscribe_acme(&app, "requests_per_minute) VALUES ('small', 1").await;
    alice.get("/users/me").await.expect_status(200);
    for _ in 0..3 {
        let refused = alice.get("/users/me").await.expect_status(429);
        let seconds: u64 = refused.header("Retry-After").unwrap().parse().unwrap();
        assert!((1..=60).contains(&seconds), "{seconds}");
        mallory.get("/users/me").await.expect_status(200);
    }
    let refused = alice.get("/users/me").await.expect_status(429);
    insta::assert_json_snapshot!(refused.json(), { ".request_id" => "[id]" }, @r#"
    {
      "code": "rate_limited",
      "detail": "the plan of the tenant allows 1 requests a minute",
      "instance": "/api/v1/tenants/acme/users/me",
      "message": "the plan of the tenant allows 1 requests a minute",
      "request_id": "[id]",
      "status": 429,
      "success": false,
      "title": "too many requests",
      "type": "urn:rowhouse:error:rate_limited"
    }
    "#);
}

#[tokio::test]
async fn a_tenant_whose_plan_is_lifted_is_served_again_at_once() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    subscribe_acme(&app, "requests_per_minute) VALUES ('small', 1").await;
    alice.get("/users/me").await.expect_status(200);
    alice.get("/users/me").await.expect_status(429);
    app.sql("UPDATE shared.plans SET requests_per_minute = 6000")
        .await;
    alice.get("/users/me").await.expect_status(200);
    app.sql("DELETE FROM shared.plans").await;
    alice.get("/users/me").await.expect_status(200);
}

#[tokio::test]
async fn a_caller_whose_body_does_not_arrive_holds_no_connection() {
    let database = TestDatabase::create().await;
    let mut config = config(database.url());
    config.pool.pool_max_per_tenant = 1;
    let (app, _, alice, _) = TestApp::on(database, config, |_| {}).await;
    let address = app.address().strip_prefix("http://").unwrap();
    let mut slow = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /api/v1/tenants/acme/users HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n",
        alice.token()
    );
    slow.write_all(head.as_bytes()).await.unwrap();
    // The server asks for the body when it has come to it, so what comes before in the request has happened.
    let mut asked = [0; 12];
    slow.read_exact(&mut asked).await.unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100");
    alice.get("/users").await.expect_status(200);
}

/// Locks acme's users, so that whatever reads them waits until this is dropped.
async fn lock_users_of_acme(app: &TestApp) -> tokio_postgres::Client {
    let client = app.database().client().await;
    let schema = &app.acme.tenant.schema;
    let lock = format!("BEGIN; LOCK TABLE {schema}.users IN ACCESS EXCLUSIVE MODE");
    client.batch_execute(&lock).await.unwrap();
    client
}

#[tokio::test]
async fn a_tenant_with_all_connections_of_its_plan_busy_is_refused_and_the_others_are_served() {
    let database = TestDatabase::create().await;
    let mut config = config(database.url());
    config.pool.pool_wait_ms = 200;
    let (app, _, alice, mallory) = TestApp::on(database, config, |_| {}).await;
    subscribe_acme(&app, "max_connections) VALUES ('small', 1").await;
    // What alice may do is read before the lock, and remembered.
    alice.get("/users").await.expect_status(200);
    let lock = lock_users_of_acme(&app).await;
    let both = tokio::join!(alice.get("/users"), async {
        while app.platform().pools.view().tenants.by_held.is_empty() {
            tokio::task::yield_now().await;
        }
        let one_more = alice.get("/users").await.expect_status(503);
        assert_eq!(one_more.text_at("/code"), "pool_exhausted");
        mallory.get("/users").await.expect_status(200);
        lock.batch_execute("COMMIT").await.unwrap();
    });
    both.0.expect_status(200);
    alice.get("/users").await.expect_status(200);
}

#[tokio::test]
async fn a_statement_beyond_the_time_of_its_tenants_plan_is_given_up_and_costs_nobody_else_any() {
    let database = TestDatabase::create().await;
    let mut config = config(database.url());
    config.pool.pool_max_connections = 1;
    let (app, _, alice, mallory) = TestApp::on(database, config, |_| {}).await;
    subscribe_acme(&app, "statement_timeout_ms) VALUES ('small', 200").await;
    alice.get("/users").await.expect_status(200);
    let lock = lock_users_of_acme(&app).await;
    let given_up = alice.get("/users").await.expect_status(503);
    assert_eq!(given_up.code(), "statement_timeout");
    assert_eq!(given_up.header("retry-after"), Some("5"));
    mallory.get("/users").await.expect_status(200);
    lock.batch_execute("COMMIT").await.unwrap();
    alice.get("/users").await.expect_status(200);
}
