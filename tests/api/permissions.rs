//! The permission decision, read live: what changes in the database is in force at the next request (rules 40, 41 and 44).

use serde_json::json;
use test_app::{Answer, Caller, TestApp};

async fn create_somebody(caller: &Caller) -> Answer {
    let name = uuid::Uuid::now_v7().simple();
    let body = json!({ "email": format!("{name}@example.com"), "username": name.to_string() });
    caller.post("/users", &body).await
}

/// Grants or denies a permission to a user of acme.
async fn decide(app: &TestApp, username: &str, effect: &str, permission: &str) {
    let sql = format!(
        "INSERT INTO user_permissions (user_id, permission_id, effect) \
         SELECT users.id, permissions.id, '{effect}' FROM users, permissions \
         WHERE username = '{username}' AND permissions.name = '{permission}'"
    );
    app.sql_in(&app.acme, &sql).await;
}

async fn assign(app: &TestApp, username: &str, role: &str) {
    let sql = format!(
        "INSERT INTO user_roles (user_id, role_id) SELECT users.id, roles.id FROM users, roles \
         WHERE username = '{username}' AND roles.name = '{role}'"
    );
    app.sql_in(&app.acme, &sql).await;
}

#[tokio::test]
async fn a_viewer_sees_users_and_creates_none() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let victor = alice.colleague("victor", &["viewer"]).await;
    victor.get("/users").await.expect_status(200);
    let refused = create_somebody(&victor).await.expect_status(403);
    insta::assert_json_snapshot!(refused.json(), { ".request_id" => "[id]" }, @r#"
    {
      "code": "permission_denied",
      "detail": "this takes the permission `users.create`",
      "instance": "/api/v1/tenants/acme/users",
      "message": "this takes the permission `users.create`",
      "request_id": "[id]",
      "status": 403,
      "success": false,
      "title": "you lack the permission for this",
      "type": "urn:rowhouse:error:permission_denied"
    }
    "#);
}

#[tokio::test]
async fn who_has_no_role_may_nothing_but_see_themselves() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let nemo = alice.colleague("nemo", &[]).await;
    nemo.get("/users").await.expect_status(403);
    nemo.get("/users/me").await.expect_status(200);
    let me = nemo.get("/auth/me").await.expect_status(200);
    assert_eq!(me.at("/data/permissions"), json!([]));
}

#[tokio::test]
async fn a_role_is_in_force_at_the_next_request_and_gone_at_the_next() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let victor = alice.colleague("victor", &["viewer"]).await;
    create_somebody(&victor).await.expect_status(403);
    assign(&app, "victor", "admin").await;
    create_somebody(&victor).await.expect_status(201);
    app.sql_in(
        &app.acme,
        "UPDATE roles SET deleted_at = now() WHERE name = 'admin'",
    )
    .await;
    create_somebody(&victor).await.expect_status(403);
    create_somebody(&alice).await.expect_status(403);
}

#[tokio::test]
async fn a_grant_to_the_user_is_in_force_until_it_ends() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let victor = alice.colleague("victor", &["viewer"]).await;
    decide(&app, "victor", "grant", "users.create").await;
    create_somebody(&victor).await.expect_status(201);
    app.sql_in(&app.acme, "UPDATE user_permissions SET valid_until = now()")
        .await;
    create_somebody(&victor).await.expect_status(403);
}

#[tokio::test]
async fn a_denial_outweighs_the_grant_of_everything() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    decide(&app, "alice", "deny", "users.create").await;
    create_somebody(&alice).await.expect_status(403);
    alice.get("/users").await.expect_status(200);
    decide(&app, "alice", "deny", "users.*").await;
    alice.get("/users").await.expect_status(403);
    app.sql_in(&app.acme, "UPDATE user_permissions SET valid_until = now()")
        .await;
    create_somebody(&alice).await.expect_status(201);
}

/// Rule 43: the right to create users is not the right to make them strong.
#[tokio::test]
async fn giving_roles_takes_a_permission_of_its_own() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let victor = alice.colleague("victor", &["viewer"]).await;
    decide(&app, "victor", "grant", "users.create").await;
    let body = json!({ "email": "eve@example.com", "username": "eve", "roles": ["admin"] });
    let refused = victor.post("/users", &body).await.expect_status(403);
    assert_eq!(
        refused.text_at("/detail"),
        "this takes the permission `roles.assign`"
    );
    // Nor is the right to give roles the right to give any.
    decide(&app, "victor", "grant", "roles.assign").await;
    victor.post("/users", &body).await.expect_status(403);
    let viewer = json!({ "email": "eve@example.com", "username": "eve", "roles": ["viewer"] });
    victor.post("/users", &viewer).await.expect_status(201);
}

/// Rule 39: who may not do it is not told what is wrong with it.
#[tokio::test]
async fn a_caller_without_the_permission_is_refused_before_the_request_is_judged() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let victor = alice.colleague("victor", &["viewer"]).await;
    let odd = json!({ "no_such_field": 1 });
    victor.post("/users", &odd).await.expect_status(403);
    let id = victor.get("/users/me").await.text_at("/data/id");
    let path = format!("/users/{id}");
    victor.patch(&path, "*", &odd).await.expect_status(403);
    let without_version = victor.request(reqwest::Method::PATCH, &path).json(&odd);
    victor.send(without_version).await.expect_status(403);
    let elsewhere = alice
        .at("globex")
        .request(reqwest::Method::PATCH, &path)
        .json(&odd);
    alice.send(elsewhere).await.expect_status(401);
}
