//! Rights that cannot be read allow nothing, and are an error in the log (rule 49).

use actix_web::HttpResponse;
use actix_web::web::{ServiceConfig, get};
use reqwest::Method;
use rowhouse::identity::authorized::Authorized;
use rowhouse::identity::permission::Permission;
use serde_json::{Value, json};
use test_app::{Answer, Caller, PASSWORD, TestApp, TestDatabase, config};
use uuid::Uuid;

use crate::error_log::ErrorLog;

/// A permission that there is not, asked for by a route of the test.
struct DreamsRead;

impl Permission for DreamsRead {
    const NAME: &'static str = "dreams.read";
}

async fn read_dreams(_: Authorized<DreamsRead>) -> HttpResponse {
    HttpResponse::NoContent().finish()
}

fn routes(app: &mut ServiceConfig) {
    app.route("/api/v1/tenants/{slug}/dreams", get().to(read_dreams));
}

/// Sends a request that fails, and gives the one event that the log has of it, besides the answer.
async fn event_of(
    log: &ErrorLog,
    caller: &Caller,
    method: Method,
    path: &str,
    body: &Value,
) -> (Answer, Value) {
    let request_id = Uuid::now_v7().to_string();
    let request = caller.request(method, path).json(body);
    let request = request.header("X-Request-ID", &request_id);
    let answer = caller.send(request).await;
    let mut events = log.with("request_id", &request_id);
    assert_eq!(events.len(), 1, "{events:#?}");
    (answer, events.remove(0))
}

#[tokio::test]
async fn a_rule_that_cannot_be_read_denies_everything_or_grants_nothing() {
    let log = ErrorLog::begin();
    let (app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let bob = alice.colleague("bob", &[]).await;
    alice.get("/users").await.expect_status(200);
    for (caller, name, effect) in [(&alice, "alice", "deny"), (&bob, "bob", "grant")] {
        let rule = format!("users read {}", Uuid::now_v7());
        let odd = format!(
            "INSERT INTO permissions (id, name, resource, action) \
             VALUES (gen_random_uuid(), '{rule}', 'users', 'read'); \
             INSERT INTO user_permissions (user_id, permission_id, effect) \
             SELECT users.id, permissions.id, '{effect}' FROM users, permissions \
             WHERE permissions.name = '{rule}' AND users.username = '{name}'"
        );
        assert!(log.with("rule", &rule).is_empty());
        app.sql_in(&app.acme, &odd).await;
        let refused = caller.get("/users").await.expect_status(403);
        assert_eq!(refused.code(), "permission_denied");
        let events = log.with("rule", &rule);
        assert!(!events.is_empty(), "{name}");
        for event in events {
            assert_eq!(event["level"], "ERROR");
            let message =
                "a rule of a user cannot be read: it grants nothing, or denies everything";
            assert_eq!(event["message"], message);
        }
    }
    app.sql_in(&app.acme, "DELETE FROM user_permissions").await;
    alice.get("/users").await.expect_status(200);
    mallory.get("/users").await.expect_status(200);
}

#[tokio::test]
async fn rights_that_the_database_does_not_give_are_none() {
    let log = ErrorLog::begin();
    let (app, anonymous, alice, mallory) = TestApp::with_two_tenants().await;
    alice.get("/users").await.expect_status(200);
    let gone = "ALTER TABLE user_permissions RENAME TO elsewhere";
    app.sql_in(&app.acme, gone).await;
    let body = json!({ "username": "alice", "password": PASSWORD });
    let login = "/api/v1/tenants/acme/auth/login";
    for (caller, method, path) in [
        (&alice, Method::GET, "/users"),
        (&anonymous, Method::POST, login),
    ] {
        let (refused, event) = event_of(&log, caller, method, path, &body).await;
        assert!(refused.status.is_server_error(), "{refused:#?}");
        assert_eq!(event["level"], "ERROR");
        assert_eq!(event["tenant.id"], app.acme.tenant.id.as_str());
        let cause = event["error.cause"].as_str().unwrap();
        assert!(cause.contains("user_permissions"), "{cause}");
        assert!(!refused.text.contains("user_permissions"), "{refused:#?}");
    }
    mallory.get("/users").await.expect_status(200);
}

#[tokio::test]
async fn nobody_has_a_permission_that_there_is_not() {
    let log = ErrorLog::begin();
    let database = TestDatabase::create().await;
    let config = config(database.url());
    let (_app, _, alice, _) = TestApp::on(database, config, routes).await;
    let before = log.with("permission", DreamsRead::NAME).len();
    let refused = alice.get("/dreams").await.expect_status(403);
    assert_eq!(refused.code(), "permission_denied");
    let events = log.with("permission", DreamsRead::NAME);
    assert_eq!(events.len(), before + 1);
    assert_eq!(events[before]["level"], "ERROR");
    let message = "a permission was asked for that there is not";
    assert_eq!(events[before]["message"], message);
}
