//! What is granted and denied to a user alone, and what comes of it together with their roles (rules 40, 41 and 44).

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use test_app::{Answer, Caller, TestApp};

use crate::user_roles::own_path;

/// Grants and denies to a user, whatever version they are of: `[("users.read", "deny")]`.
pub(crate) async fn rule(caller: &Caller, user: &str, rules: &[(&str, &str)]) -> Answer {
    let rules = rules
        .iter()
        .map(|(permission, effect)| json!({ "permission": permission, "effect": effect }));
    let rules: Vec<Value> = rules.collect();
    caller
        .put(&format!("{user}/permissions"), "*", &json!(rules))
        .await
}

/// Whether and why a user has a permission.
async fn effective(caller: &Caller, user: &str, permission: &str) -> Value {
    let all = caller.get(&format!("{user}/effective-permissions")).await;
    let all = all.expect_status(200).at("/data");
    let mut all = all.as_array().unwrap().iter();
    let found = all.find(|one| one["permission"] == permission);
    json!([found.unwrap()["allowed"], found.unwrap()["reason"]])
}

fn later() -> DateTime<Utc> {
    // As many digits as the database keeps.
    DateTime::from_timestamp_micros((Utc::now() + TimeDelta::hours(1)).timestamp_micros()).unwrap()
}

#[tokio::test]
async fn what_is_granted_and_denied_to_a_user_is_replaced_as_a_whole_and_in_force_at_once() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let bob = alice.colleague("bob", &["viewer"]).await;
    let path = own_path(&bob).await;
    let own = format!("{path}/permissions");
    let shown = alice.get(&own).await.expect_status(200);
    assert_eq!(shown.at("/data"), json!([]));
    assert_eq!(shown.etag(), alice.get(&path).await.etag());
    let until = later();
    let body = json!([
        { "permission": "users.read", "effect": "deny" },
        { "permission": "roles.*", "effect": "grant", "valid_until": until },
    ]);
    let replaced = alice
        .put(&own, &shown.etag(), &body)
        .await
        .expect_status(200);
    let expected = json!([
        { "permission": "roles.*", "effect": "grant", "valid_until": until },
        { "permission": "users.read", "effect": "deny", "valid_until": null },
    ]);
    assert_eq!(replaced.at("/data"), expected);
    assert_eq!(alice.get(&own).await.at("/data"), expected);
    bob.get("/roles").await.expect_status(200);
    bob.get("/users").await.expect_status(403);
    rule(&alice, &path, &[]).await.expect_status(200);
    bob.get("/roles").await.expect_status(403);
    bob.get("/users").await.expect_status(200);
}

/// Bob, a viewer and developer, with grants and a denial of his own: his path, and until when two of them are in force.
async fn ruled_bob(alice: &Caller) -> (String, DateTime<Utc>) {
    let bob = alice.colleague("bob", &["viewer", "developer"]).await;
    let path = own_path(&bob).await;
    let until = later();
    let body = json!([
        { "permission": "users.*", "effect": "deny", "valid_until": until },
        { "permission": "users.read", "effect": "grant" },
        { "permission": "roles.read", "effect": "grant", "valid_until": until },
    ]);
    let own = format!("{path}/permissions");
    alice.put(&own, "*", &body).await.expect_status(200);
    (path, until)
}

/// What a permission that nothing grants is answered with.
fn not_granted() -> Value {
    json!([false, { "kind": "not_granted", "role": null, "rule": null, "valid_until": null }])
}

/// What a permission that a role grants is answered with.
fn by_role(role: &str, pattern: &str) -> Value {
    json!([true, { "kind": "granted_by_role", "role": role, "rule": pattern, "valid_until": null }])
}

#[tokio::test]
async fn each_answer_says_which_rule_it_rests_on() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let (bob, until) = ruled_bob(&alice).await;
    let denied = json!({ "kind": "denied", "role": null, "rule": "users.*", "valid_until": until });
    let granted =
        json!({ "kind": "granted", "role": null, "rule": "roles.read", "valid_until": until });
    for (permission, answer) in [
        ("users.read", json!([false, denied])),
        ("users.delete", json!([false, denied])),
        ("roles.read", json!([true, granted])),
        ("notes.delete", by_role("developer", "notes.*")),
        ("notes.read", by_role("viewer", "notes.read")),
        ("settings.read", not_granted()),
    ] {
        assert_eq!(effective(&alice, &bob, permission).await, answer);
    }
}

#[tokio::test]
async fn what_has_ended_is_neither_shown_nor_in_force() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let (bob, _) = ruled_bob(&alice).await;
    app.sql_in(&app.acme, "UPDATE user_permissions SET valid_until = now()")
        .await;
    let shown = alice.get(&format!("{bob}/permissions")).await;
    assert_eq!(shown.at("/data"), json!([]));
    assert_eq!(
        effective(&alice, &bob, "users.read").await,
        by_role("developer", "users.read")
    );
    assert_eq!(effective(&alice, &bob, "roles.read").await, not_granted());
}

/// Rules 64, 66 and 73.
#[tokio::test]
async fn what_is_no_list_of_rules_is_refused_and_changes_nothing() {
    let (_app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let bob = alice.colleague("bob", &["viewer"]).await;
    let path = own_path(&bob).await;
    rule(&alice, &path, &[("roles.read", "grant")])
        .await
        .expect_status(200);
    let own = format!("{path}/permissions");
    let before = alice.get(&own).await.at("/data");
    let grant = json!({ "permission": "tags.read", "effect": "grant" });
    let with = |field: &str, value: Value| {
        let mut rule = grant.clone();
        rule[field] = value;
        json!([rule])
    };
    for (body, field) in [
        (json!({ "permissions": [] }), "."),
        (with("permission", json!("users.fly")), "permission"),
        (with("effect", json!("allow")), "[0].effect"),
        (
            with("valid_until", json!("2020-01-01T00:00:00Z")),
            "[0].valid_until",
        ),
        (with("valid_until", json!("tomorrow")), "[0].valid_until"),
        (with("granted_by", json!("x")), "[0].granted_by"),
        (json!([grant, grant]), "[1].permission"),
        (json!([["tags.read", "grant"]]), "[0]"),
        (json!([{ "permission": "tags.read" }]), "[0].effect"),
    ] {
        let refused = alice.put(&own, "*", &body).await;
        assert_eq!(refused.status, 422, "{body}: {refused:#?}");
        assert!(
            refused.at("/errors").get(field).is_some(),
            "{body}: {refused:#?}"
        );
    }
    let nothing = json!([]);
    alice
        .must_name_version(&[Method::PUT], &own, &nothing)
        .await;
    // Rule 46.
    for path in [own.clone(), format!("{path}/effective-permissions")] {
        mallory.get(&path).await.expect_status(404);
    }
    mallory.put(&own, "*", &json!([])).await.expect_status(404);
    assert_eq!(alice.get(&own).await.at("/data"), before);
}

/// Rule 41: a denial applies to admins, too, and only another one can lift it.
#[tokio::test]
async fn a_denial_applies_to_an_admin_who_cannot_lift_it() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let bob = alice.colleague("bob", &["admin"]).await;
    let path = own_path(&bob).await;
    rule(&alice, &path, &[("users.*", "deny")])
        .await
        .expect_status(200);
    bob.get("/users").await.expect_status(403);
    rule(&bob, &path, &[("users.read", "grant"), ("users.*", "deny")])
        .await
        .expect_status(403);
    rule(&bob, &path, &[]).await.expect_status(403);
    bob.get("/users").await.expect_status(403);
    rule(&alice, &path, &[]).await.expect_status(200);
    bob.get("/users").await.expect_status(200);
}

#[tokio::test]
async fn the_permissions_that_there_are_are_listed_with_wildcards() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let list = alice
        .get("/permissions?resource=sessions")
        .await
        .expect_status(200);
    assert_eq!(
        list.at("/data"),
        json!([
            { "name": "sessions.*", "resource": "sessions", "action": "*", "description": "everything about sessions" },
            { "name": "sessions.delete", "resource": "sessions", "action": "delete", "description": "delete sessions" },
            { "name": "sessions.read", "resource": "sessions", "action": "read", "description": "read sessions" },
        ])
    );
    let below_users = alice.get("/users/permissions?q=read_team&sort=-name").await;
    assert_eq!(
        below_users.expect_status(200).at("/data/0/name"),
        "analytics.read_team"
    );
    for query in ["sort=id", "resource=a&resource=b", "role=x"] {
        alice
            .get(&format!("/permissions?{query}"))
            .await
            .expect_status(400);
    }
}
