//! API keys (rules 20, 45, 60, 80, 81): shown once, confined to their scopes and to their owner's rights, ended at once.

use rowhouse::identity::api_key::ApiKeySecret;
use serde_json::{Value, json};
use test_app::{Answer, Caller, ChaosProxy, TestApp, TestDatabase, config};

async fn make(owner: &Caller, scopes: &[&str]) -> Answer {
    let body = json!({ "name": "robot", "scopes": scopes });
    owner.post("/api-keys", &body).await.expect_status(201)
}

/// A program that signs in with a new key of the owner's.
async fn robot(owner: &Caller, scopes: &[&str]) -> Caller {
    owner.with_token(&make(owner, scopes).await.text_at("/data/key"))
}

async fn rotate(owner: &Caller, key: &Answer, body: &Value) -> Answer {
    let path = format!("/api-keys/{}/rotate", key.text_at("/data/id"));
    owner.post(&path, body).await
}

#[tokio::test]
async fn a_key_may_what_its_scopes_and_its_owner_may() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let robot = robot(&alice, &["users.read"]).await;
    robot.get("/users").await.expect_status(200);
    let refused = robot.post("/users", &json!({})).await;
    assert_eq!(refused.expect_status(403).code(), "permission_denied");
    let me = robot.get("/auth/me").await.expect_status(200).json();
    assert_eq!(me["data"]["username"], "alice");
    assert_eq!(me["data"]["permissions"], json!(["users.read"]));

    let victor = alice.colleague("victor", &["viewer"]).await;
    victor
        .post("/api-keys", &json!({}))
        .await
        .expect_status(403);
}

#[tokio::test]
async fn a_key_loses_what_its_owner_loses() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let bob = alice.colleague("bob", &["admin"]).await;
    let robot = robot(&bob, &["*"]).await;
    robot.get("/users").await.expect_status(200);
    app.sql_in(
        &app.acme,
        "DELETE FROM user_roles WHERE user_id = (SELECT id FROM users WHERE username = 'bob')",
    )
    .await;
    robot.get("/users").await.expect_status(403);
}

#[tokio::test]
async fn a_key_ends_with_its_owner_and_with_its_tenant() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let bob = alice.colleague("bob", &["admin"]).await;
    let program = robot(&bob, &["*"]).await;
    let id = program.get("/users/me").await.text_at("/data/id");
    let root = app.platform_admin().await;
    root.post("/api/v1/tenants/acme/suspend", &json!({}))
        .await
        .expect_status(200);
    let refused = program.get("/users").await.expect_status(403);
    assert_eq!(refused.code(), "tenant_suspended");
    root.post("/api/v1/tenants/acme/resume", &json!({}))
        .await
        .expect_status(200);
    program.get("/users").await.expect_status(200);
    alice
        .patch(&format!("/users/{id}"), "*", &json!({ "is_active": false }))
        .await
        .expect_status(200);
    let refused = program.get("/users").await.expect_status(401);
    assert_eq!(refused.code(), "invalid_token");
}

#[tokio::test]
async fn a_key_of_one_tenant_is_nothing_at_another() {
    let (_app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let robot = robot(&mallory, &["*"]).await;
    robot.get("/users").await.expect_status(200);
    let elsewhere = robot.at("acme").get("/users").await.expect_status(401);
    assert_eq!(elsewhere.code(), "invalid_token");
    let key = make(&alice, &["*"]).await;
    let path = format!("/api-keys/{}", key.text_at("/data/id"));
    mallory.delete(&path, "*").await.expect_status(404);
    alice
        .with_token(&key.text_at("/data/key"))
        .get("/users")
        .await
        .expect_status(200);
}

#[tokio::test]
async fn a_key_is_shown_once_and_kept_as_its_hash() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let made = make(&alice, &["users.read"]).await;
    let key = made.text_at("/data/key");
    assert!(ApiKeySecret::parse(&key).is_some_and(|key| key.is_ok()));
    let listed = alice.get("/api-keys").await.expect_status(200).json();
    assert_eq!(listed["data"][0]["id"], made.json()["data"]["id"]);
    let prefix = listed["data"][0]["prefix"].as_str().unwrap();
    assert!(key.starts_with(prefix) && prefix.len() == 12);
    assert!(!listed.to_string().contains(&key));
    let schema = &app.acme.tenant.schema;
    let sql = format!(
        "SELECT count(*) FROM {schema}.api_keys k, {schema}.audit_logs l
         WHERE strpos(k::text, $1) > 0 OR strpos(l::text, $1) > 0 OR strpos(l::text, encode(k.key_hash, 'hex')) > 0"
    );
    let client = app.database().client().await;
    let found: i64 = client.query_one(&sql, &[&key]).await.unwrap().get(0);
    assert_eq!(found, 0);
}

#[tokio::test]
async fn a_revoked_key_is_refused_at_the_next_request_and_its_row_stays() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let made = make(&alice, &["*"]).await;
    let robot = alice.with_token(&made.text_at("/data/key"));
    robot.get("/users").await.expect_status(200);
    let path = format!("/api-keys/{}", made.text_at("/data/id"));
    alice.delete(&path, "*").await.expect_status(204);
    let refused = robot.get("/users").await.expect_status(401);
    assert_eq!(refused.code(), "invalid_token");
    alice.delete(&path, "*").await.expect_status(404);
    let listed = alice.get("/api-keys").await.json();
    assert!(listed["data"][0]["revoked_at"].is_string());
}

#[tokio::test]
async fn an_expired_key_is_refused() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let robot = robot(&alice, &["*"]).await;
    robot.get("/users").await.expect_status(200);
    app.sql_in(&app.acme, "UPDATE api_keys SET expires_at = now()")
        .await;
    robot.get("/users").await.expect_status(401);
}

#[tokio::test]
async fn a_rotated_key_lives_on_for_the_overlap_and_no_longer() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let old = make(&alice, &["users.read"]).await;
    let new = rotate(&alice, &old, &json!({ "overlap_seconds": 3_600 })).await;
    let new = new.expect_status(201);
    for key in [&old, &new] {
        let robot = alice.with_token(&key.text_at("/data/key"));
        robot.get("/users").await.expect_status(200);
        robot.post("/users", &json!({})).await.expect_status(403);
    }
    let newest = rotate(&alice, &new, &json!({})).await.expect_status(201);
    assert_eq!(
        newest.json()["data"]["rotated_from"],
        new.json()["data"]["id"]
    );
    let refused = alice.with_token(&new.text_at("/data/key"));
    refused.get("/users").await.expect_status(401);
    let schema = &app.acme.tenant.schema;
    let sql = format!(
        "SELECT expires_at BETWEEN now() + '59 minutes' AND now() + '1 hour' FROM {schema}.api_keys WHERE id = '{}'",
        old.text_at("/data/id")
    );
    let client = app.database().client().await;
    assert!(client.query_one(&sql, &[]).await.unwrap().get::<_, bool>(0));
    let long = rotate(&alice, &newest, &json!({ "overlap_seconds": 86_401 })).await;
    long.expect_status(422);
}

#[tokio::test]
async fn a_key_makes_no_other_and_ends_no_session() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let robot = robot(&alice, &["*"]).await;
    let order = json!({ "name": "another", "scopes": ["*"] });
    for (path, body) in [
        ("/api-keys", order),
        ("/auth/logout", json!({})),
        ("/auth/logout-all", json!({})),
        (
            "/auth/change-password",
            json!({ "current_password": test_app::PASSWORD, "new_password": "another horse altogether" }),
        ),
    ] {
        let refused = robot.post(path, &body).await.expect_status(403);
        assert_eq!(refused.code(), "permission_denied", "{path}");
    }
    alice.get("/users").await.expect_status(200);
}

#[tokio::test]
async fn a_key_is_used_from_its_networks_alone() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    for (networks, status) in [
        (json!(["192.0.2.0/24", "::1"]), 401),
        (json!(["127.0.0.0/8"]), 200),
    ] {
        let order = json!({ "name": "robot", "scopes": ["*"], "networks": networks });
        let made = alice.post("/api-keys", &order).await.expect_status(201);
        let robot = alice.with_token(&made.text_at("/data/key"));
        robot.get("/users").await.expect_status(status);
    }
}

#[tokio::test]
async fn every_fault_of_an_order_is_named() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let order = json!({
        "name": " ",
        "scopes": ["users.fly", "users.*", "*"],
        "expires_at": "2020-01-01T00:00:00Z",
        "networks": ["everywhere"],
    });
    let refused = alice.post("/api-keys", &order).await.expect_status(422);
    let faults = ["expires_at", "name", "networks", "scopes"];
    assert_eq!(refused.blamed(), faults);
    assert_eq!(
        refused.at("/errors/scopes"),
        json!(["there is no permission `users.fly`"])
    );
}

#[tokio::test]
async fn another_users_keys_are_seen_and_revoked_by_who_may_change_users() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let bob = alice.colleague("bob", &["admin"]).await;
    let made = make(&bob, &["*"]).await;
    let owner = made.text_at("/data/user_id");
    let path = format!("/api-keys?user_id={owner}");
    let listed = alice.get(&path).await.expect_status(200).json();
    assert_eq!(listed["pagination"]["total"], 1);
    assert_eq!(
        alice.get("/api-keys").await.json()["pagination"]["total"],
        0
    );
    let path = format!("/api-keys/{}", made.text_at("/data/id"));
    alice.delete(&path, "*").await.expect_status(204);
    let robot = bob.with_token(&made.text_at("/data/key"));
    robot.get("/users").await.expect_status(401);
}

#[tokio::test]
async fn a_wrong_checksum_costs_no_query() {
    let database = TestDatabase::create().await;
    let proxy = ChaosProxy::start(database.url()).await;
    let (_app, _, alice, _) = TestApp::on(database, config(proxy.url()), |_| {}).await;
    let key = make(&alice, &["users.read"]).await.text_at("/data/key");
    let (rest, last) = key.split_at(key.len() - 1);
    let wrong = format!("{rest}{}", if last == "0" { "1" } else { "0" });
    let mut costs = Vec::new();
    for _ in 0..50 {
        let before = proxy.ready_for_queries();
        alice
            .with_token(&wrong)
            .get("/users")
            .await
            .expect_status(401);
        costs.push(proxy.ready_for_queries() - before);
    }
    assert_eq!(costs.into_iter().min(), Some(0));
}
