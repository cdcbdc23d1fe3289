//! Acting as a user (rules 33 and 91): for a time and a reason, seen by the tenant, ended and forbidden by it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use platform_schema::SystemUserRole;
use serde_json::{Value, json};
use test_app::{Answer, Caller, PASSWORD, TestApp};

fn order(username: &str) -> Value {
    json!({ "username": username, "reason": "ticket 7: a report is missing", "minutes": 10 })
}

async fn act_as(root: &Caller, slug: &str, order: &Value) -> Answer {
    root.post(&format!("/api/v1/tenants/{slug}/act-as"), order)
        .await
}

/// A system user who acts as a user of acme.
async fn acting(app: &TestApp, root: &Caller, username: &str) -> Caller {
    let token = act_as(root, "acme", &order(username)).await;
    let token = token.expect_status(200).text_at("/data/access_token");
    app.anonymous().at("acme").with_token(&token)
}

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[tokio::test]
async fn a_system_user_acts_with_the_rights_of_the_user_and_under_their_own_name() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    alice.create_user("victor", &["viewer"]).await;
    let root = app.platform_admin().await;
    let root_id = root
        .get("/api/v1/platform/auth/me")
        .await
        .text_at("/data/id");
    let answer = act_as(&root, "acme", &order("victor"))
        .await
        .expect_status(200);
    assert_eq!(answer.json()["data"].get("refresh_token"), None);
    let token = answer.text_at("/data/access_token");
    let claims = claims(&token);
    assert_eq!(claims["act"]["sub"], root_id);
    assert_eq!(claims["sub"], answer.json()["data"]["user_id"]);
    assert!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap() <= 600);

    let victor = app.anonymous().at("acme").with_token(&token);
    victor.get("/users").await.expect_status(200);
    victor.post("/users", &json!({})).await.expect_status(403);
    let renamed = victor
        .patch("/users/me", "*", &json!({ "first_name": "Vic" }))
        .await;
    renamed.expect_status(200);
    let schema = &app.acme.tenant.schema;
    let sql = format!(
        "SELECT action, actor_type, actor_id::text, acting_as::text FROM {schema}.audit_logs
         WHERE actor_type = 'system_user' ORDER BY position"
    );
    let rows = app.rows(&sql).await;
    let rows: Vec<[String; 4]> = rows
        .iter()
        .map(|row| [row.get(0), row.get(1), row.get(2), row.get(3)])
        .collect();
    let user_id = claims["sub"].as_str().unwrap();
    let expected = ["auth.act_as", "users.update"]
        .map(|action| [action, "system_user", root_id.as_str(), user_id].map(str::to_owned));
    assert_eq!(rows, expected);
    let sql = "SELECT actor_id::text, object_id, after->>'reason' FROM shared.platform_audit_logs WHERE action = 'tenant.act_as'";
    let [row] = <[_; 1]>::try_from(app.rows(sql).await).unwrap();
    let row: [String; 3] = [row.get(0), row.get(1), row.get(2)];
    let tenant_id = app.acme.tenant.id.to_string();
    assert_eq!(
        row,
        [
            root_id,
            tenant_id,
            "ticket 7: a report is missing".to_owned()
        ]
    );
}

#[tokio::test]
async fn the_tenant_sees_who_acts_and_why_and_ends_it() {
    let (app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let bob = alice.colleague("bob", &["viewer"]).await;
    let root = app.platform_admin().await;
    let acting = acting(&app, &root, "bob").await;
    let seen = alice
        .get("/support-access/sessions")
        .await
        .expect_status(200)
        .json();
    assert_eq!(seen["data"][0]["username"], "bob");
    assert_eq!(seen["data"][0]["reason"], "ticket 7: a report is missing");
    let elsewhere = mallory.get("/support-access/sessions").await.json();
    assert_eq!(elsewhere["pagination"]["total"], 0);

    let own = bob.get("/auth/sessions").await.expect_status(200).json();
    let sessions = own["data"].as_array().unwrap();
    let foreign = sessions
        .iter()
        .find(|session| session["acting_reason"].is_string());
    let path = format!(
        "/auth/sessions/{}",
        foreign.unwrap()["id"].as_str().unwrap()
    );
    bob.delete(&path, "*").await.expect_status(204);
    let ended = acting.get("/users").await.expect_status(401);
    assert_eq!(ended.code(), "session_ended");
    bob.get("/users").await.expect_status(200);
}

#[tokio::test]
async fn a_tenant_that_forbids_it_ends_who_acts_and_lets_nobody_in() {
    let (app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let root = app.platform_admin().await;
    let acting = acting(&app, &root, "alice").await;
    let own = json!({ "is_allowed": true });
    acting
        .put("/support-access", "*", &own)
        .await
        .expect_status(403);
    acting.get("/users").await.expect_status(200);
    let closed = alice
        .put("/support-access", "*", &json!({ "is_allowed": false }))
        .await;
    closed.expect_status(200);
    acting.get("/users").await.expect_status(401);
    let refused = act_as(&root, "acme", &order("alice"))
        .await
        .expect_status(403);
    assert_eq!(refused.code(), "permission_denied");
    act_as(&root, "globex", &order("mallory"))
        .await
        .expect_status(200);
    assert_eq!(
        mallory.get("/support-access").await.json()["data"]["is_allowed"],
        true
    );
    alice
        .put("/support-access", "*", &own)
        .await
        .expect_status(200);
    act_as(&root, "acme", &order("alice"))
        .await
        .expect_status(200);
}

#[tokio::test]
async fn who_acts_changes_nothing_that_the_user_is_known_by() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let root = app.platform_admin().await;
    let acting = acting(&app, &root, "alice").await;
    let password =
        json!({ "current_password": PASSWORD, "new_password": "another horse altogether" });
    let key = json!({ "name": "robot", "scopes": ["*"] });
    for (path, body) in [
        ("/auth/change-password", password),
        ("/api-keys", key),
        ("/auth/logout-all", json!({})),
    ] {
        let refused = acting.post(path, &body).await.expect_status(403);
        assert_eq!(refused.code(), "permission_denied", "{path}");
    }
    acting
        .post("/auth/logout", &json!({}))
        .await
        .expect_status(204);
    acting.get("/users").await.expect_status(401);
    alice.get("/users").await.expect_status(200);
}

#[tokio::test]
async fn who_acts_puts_none_of_the_users_own_sessions_out() {
    let (app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let root = app.platform_admin().await;
    for _ in 0..3 {
        acting(&app, &root, "alice").await;
    }
    let second = anonymous.log_in("acme", "alice", PASSWORD).await;
    let third = anonymous.log_in("acme", "alice", PASSWORD).await;
    for caller in [&alice, &second, &third] {
        caller.get("/users").await.expect_status(200);
    }
}

#[tokio::test]
async fn an_order_has_a_reason_a_time_and_a_user() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let root = app.platform_admin().await;
    for (wrong, field) in [
        (
            json!({ "username": "alice", "reason": " ", "minutes": 10 }),
            "reason",
        ),
        (
            json!({ "username": "alice", "reason": "why", "minutes": 61 }),
            "minutes",
        ),
        (
            json!({ "username": "alice", "reason": "why", "minutes": 0 }),
            "minutes",
        ),
        (
            json!({ "username": "mallory", "reason": "why", "minutes": 1 }),
            "username",
        ),
    ] {
        let refused = act_as(&root, "acme", &wrong).await.expect_status(422);
        assert_eq!(refused.blamed(), [field]);
    }
    act_as(&root, "nowhere", &order("alice"))
        .await
        .expect_status(404);
    let support = app
        .system_user("help@platform.example", SystemUserRole::Support)
        .await;
    act_as(&support, "acme", &order("alice"))
        .await
        .expect_status(403);
    let tenant_user = app.anonymous().with_token(alice.token());
    act_as(&tenant_user, "acme", &order("alice"))
        .await
        .expect_status(401);
}

#[tokio::test]
async fn an_acting_session_ends_with_its_time() {
    let (app, ..) = TestApp::with_two_tenants().await;
    let root = app.platform_admin().await;
    let acting = acting(&app, &root, "alice").await;
    acting.get("/users").await.expect_status(200);
    let sql = "UPDATE user_sessions SET expires_at = now() WHERE acting_system_user_id IS NOT NULL";
    app.sql_in(&app.acme, sql).await;
    acting.get("/users").await.expect_status(401);
}
