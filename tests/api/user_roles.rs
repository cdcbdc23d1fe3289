//! The roles of a user: shown and replaced as a whole.

use reqwest::Method;
use serde_json::{Value, json};
use test_app::{Answer, Caller, TestApp};

/// The path of the caller's own user.
pub(crate) async fn own_path(caller: &Caller) -> String {
    let me = caller.get("/auth/me").await.expect_status(200);
    format!("/users/{}", me.text_at("/data/id"))
}

/// Replaces the roles of a user, whatever version they are of.
pub(crate) async fn set_roles(caller: &Caller, user: &str, roles: &[&str]) -> Answer {
    caller
        .put(&format!("{user}/roles"), "*", &json!(roles))
        .await
}

#[tokio::test]
async fn roles_of_a_user_are_replaced_as_a_whole_and_in_force_at_the_next_request() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let bob = alice.colleague("bob", &["viewer"]).await;
    let path = own_path(&bob).await;
    let roles = format!("{path}/roles");
    let shown = alice.get(&roles).await.expect_status(200);
    assert_eq!(shown.at("/data"), json!(["viewer"]));
    assert_eq!(shown.etag(), alice.get(&path).await.etag());
    let body = json!(["auditor", "manager", "auditor"]);
    let replaced = alice
        .put(&roles, &shown.etag(), &body)
        .await
        .expect_status(200);
    assert_eq!(replaced.at("/data"), json!(["manager", "auditor"]));
    assert_ne!(replaced.etag(), shown.etag());
    assert_eq!(
        alice.get(&path).await.at("/data/roles"),
        json!(["manager", "auditor"])
    );
    bob.get("/roles").await.expect_status(200);
    let none = alice
        .put(&roles, &replaced.etag(), &json!([]))
        .await
        .expect_status(200);
    assert_eq!(none.at("/data"), json!([]));
    bob.get("/roles").await.expect_status(403);
}

/// Rules 66 and 73.
#[tokio::test]
async fn roles_of_a_user_are_a_list_of_names_that_there_are_for_a_version_that_is_named() {
    let (_app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let bob = alice.colleague("bob", &["viewer"]).await;
    let path = format!("{}/roles", own_path(&bob).await);
    let nothing = json!([]);
    alice
        .must_name_version(&[Method::PUT], &path, &nothing)
        .await;
    let refused = alice.put(&path, "*", &json!(["viewer", "emperor"])).await;
    assert_eq!(
        refused.expect_status(422).at("/errors"),
        json!({ "roles": ["there is no role `emperor`"] })
    );
    for body in [
        json!({ "roles": [] }),
        json!([1]),
        json!([["viewer"]]),
        json!([null]),
        Value::Null,
    ] {
        alice.put(&path, "*", &body).await.expect_status(422);
    }
    // Rule 46.
    mallory.get(&path).await.expect_status(404);
    mallory.put(&path, "*", &json!([])).await.expect_status(404);
    assert_eq!(alice.get(&path).await.at("/data"), json!(["viewer"]));
}

/// Rule 88.
#[tokio::test]
async fn roles_that_are_given_and_taken_are_in_the_audit_log() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let bob = alice.colleague("bob", &["viewer"]).await;
    let path = own_path(&bob).await;
    set_roles(&alice, &path, &["manager"])
        .await
        .expect_status(200);
    let schema = &app.acme.tenant.schema;
    let sql = format!(
        "SELECT action, before->>'roles', after->>'roles' FROM {schema}.audit_logs \
         WHERE object_type = 'user' AND after ? 'roles' ORDER BY created_at, id"
    );
    let rows = app.rows(&sql).await;
    let rows: Vec<(String, Option<String>, String)> = rows
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect();
    let (viewer, manager) = (r#"["viewer"]"#.to_owned(), r#"["manager"]"#.to_owned());
    assert_eq!(
        rows,
        [
            ("users.create".to_owned(), None, viewer.clone()),
            ("users.replace_roles".to_owned(), Some(viewer), manager),
        ]
    );
}
