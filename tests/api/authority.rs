//! Nobody gives what they lack, by whatever way, or touches who stands above them (rule 43).

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use test_app::{Answer, Caller, TestApp};

use crate::roles::{new_role, role_named};
use crate::user_permissions::rule;
use crate::user_roles::{own_path, set_roles};

/// What an officer may: everything about users and their rights, and of the rest only notes.
const OFFICER: [&str; 6] = [
    "users.*",
    "roles.*",
    "permissions.*",
    "sessions.*",
    "teams.*",
    "notes.read",
];

struct Scene {
    _app: TestApp,
    alice: Caller,
    /// Has the role `officer`, of priority 50.
    olga: Caller,
    olgas: String,
    /// A viewer.
    victors: String,
}

impl Scene {
    async fn new() -> Self {
        let (app, _, alice, _) = TestApp::with_two_tenants().await;
        new_role(&alice, "officer", 50, &OFFICER).await;
        let olga = alice.colleague("olga", &["officer"]).await;
        let victor = alice.colleague("victor", &[]).await;
        Self {
            _app: app,
            alice,
            olgas: own_path(&olga).await,
            olga,
            victors: own_path(&victor).await,
        }
    }

    /// A new user with a role: their path.
    async fn user(&self, username: &str, role: &str) -> String {
        let created = self.alice.create_user(username, &[role]).await;
        format!("/users/{}", created.text_at("/data/id"))
    }

    /// All that could be changed.
    async fn state(&self) -> Vec<Value> {
        let mut state = Vec::new();
        for path in [
            "/roles?per_page=100&include_deleted=true&sort=name",
            "/users?per_page=100&include_deleted=true&sort=username",
        ] {
            state.push(self.alice.get(path).await.expect_status(200).at("/data"));
        }
        for user in [&self.olgas, &self.victors] {
            let path = format!("{user}/permissions");
            state.push(self.alice.get(&path).await.expect_status(200).at("/data"));
        }
        state
    }

    async fn expect_refused(&self, what: &str, answer: Answer, before: &[Value]) {
        assert_eq!(answer.status, 403, "{what}: {answer:#?}");
        assert_eq!(answer.code(), "permission_denied");
        assert_eq!(self.state().await, before, "{what}");
    }
}

fn role(priority: i32, permissions: &[&str]) -> Value {
    json!({ "name": "new", "priority": priority, "permissions": permissions })
}

#[tokio::test]
async fn nobody_grants_what_they_lack_to_a_role() {
    let scene = Scene::new().await;
    let (own, _) = role_named(&scene.alice, "officer").await;
    let (viewer, _) = role_named(&scene.alice, "viewer").await;
    let (deleted, etag) = new_role(&scene.alice, "gone", 1, &["tasks.delete"]).await;
    scene.alice.delete(&deleted, &etag).await.expect_status(204);
    let before = scene.state().await;
    let olga = &scene.olga;
    for (what, answer) in [
        (
            "lacking",
            olga.post("/roles", &role(1, &["tasks.read"])).await,
        ),
        (
            "wildcard",
            olga.post("/roles", &role(1, &["notes.*"])).await,
        ),
        ("everything", olga.post("/roles", &role(1, &["*"])).await),
        ("rank", olga.post("/roles", &role(51, &[])).await),
        (
            "own",
            olga.patch(&own, "*", &json!({ "permissions": ["*"] }))
                .await,
        ),
        (
            "own rank",
            olga.patch(&own, "*", &json!({ "priority": 51 })).await,
        ),
        (
            "own, replaced",
            olga.put(&own, "*", &role(50, &["notes.*"])).await,
        ),
        (
            "another's",
            olga.patch(&viewer, "*", &json!({ "permissions": ["tasks.*"] }))
                .await,
        ),
        ("restored", olga.restore(&deleted).await),
    ] {
        scene.expect_refused(what, answer, &before).await;
    }
    let fits = role(50, &["users.*", "users.read", "notes.read"]);
    olga.post("/roles", &fits).await.expect_status(201);
    // What a role has grants no more than before: less of it takes no right to it.
    let less = json!({ "permissions": ["tasks.read"] });
    olga.patch(&viewer, "*", &less).await.expect_status(200);
}

#[tokio::test]
async fn nobody_gives_or_changes_a_role_above_their_own() {
    let scene = Scene::new().await;
    let (manager, _) = role_named(&scene.alice, "manager").await;
    let before = scene.state().await;
    let olga = &scene.olga;
    let user =
        |roles: &[&str]| json!({ "email": "e@example.com", "username": "eve", "roles": roles });
    for (what, answer) in [
        (
            "to another",
            set_roles(olga, &scene.victors, &["admin"]).await,
        ),
        (
            "to oneself",
            set_roles(olga, &scene.olgas, &["officer", "manager"]).await,
        ),
        (
            "of the same rank, with more",
            set_roles(olga, &scene.victors, &["auditor"]).await,
        ),
        (
            "below, with more",
            set_roles(olga, &scene.victors, &["viewer"]).await,
        ),
        (
            "to a new user",
            olga.post("/users", &user(&["admin"])).await,
        ),
        (
            "to a new user, with more",
            olga.post("/users", &user(&["viewer"])).await,
        ),
        (
            "changed",
            olga.patch(&manager, "*", &json!({ "permissions": [] }))
                .await,
        ),
        (
            "lowered",
            olga.patch(&manager, "*", &json!({ "priority": 1 })).await,
        ),
    ] {
        scene.expect_refused(what, answer, &before).await;
    }
    set_roles(olga, &scene.victors, &["officer"])
        .await
        .expect_status(200);
    olga.post("/users", &user(&["officer"]))
        .await
        .expect_status(201);
    set_roles(olga, &scene.victors, &[])
        .await
        .expect_status(200);
}

#[tokio::test]
async fn nobody_grants_what_they_lack_to_a_user() {
    let scene = Scene::new().await;
    rule(&scene.alice, &scene.victors, &[("tasks.read", "deny")])
        .await
        .expect_status(200);
    let before = scene.state().await;
    let olga = &scene.olga;
    for (what, user, rules) in [
        (
            "to another",
            &scene.victors,
            &[("tasks.update", "grant"), ("tasks.read", "deny")][..],
        ),
        (
            "wildcard",
            &scene.victors,
            &[("notes.*", "grant"), ("tasks.read", "deny")],
        ),
        ("to oneself", &scene.olgas, &[("*", "grant")]),
        ("the end of a denial", &scene.victors, &[]),
        (
            "instead of a denial",
            &scene.victors,
            &[("tasks.read", "grant")],
        ),
    ] {
        scene
            .expect_refused(what, rule(olga, user, rules).await, &before)
            .await;
    }
    let rules = [
        ("users.*", "grant"),
        ("notes.read", "grant"),
        ("tasks.read", "deny"),
        ("tasks.*", "deny"),
    ];
    rule(olga, &scene.victors, &rules).await.expect_status(200);
    // What a user has already stays without the right to it.
    rule(&scene.alice, &scene.victors, &[("tasks.read", "grant")])
        .await
        .expect_status(200);
    let rules = [("tasks.read", "grant"), ("users.read", "grant")];
    rule(olga, &scene.victors, &rules).await.expect_status(200);
}

#[tokio::test]
async fn what_is_granted_for_a_while_is_passed_on_for_no_longer() {
    let scene = Scene::new().await;
    let (hour, two) = (
        Utc::now() + TimeDelta::hours(1),
        Utc::now() + TimeDelta::hours(2),
    );
    let grant = |until: Value| json!([{ "permission": "tasks.read", "effect": "grant", "valid_until": until }]);
    let own = format!("{}/permissions", scene.olgas);
    scene
        .alice
        .put(&own, "*", &grant(json!(hour)))
        .await
        .expect_status(200);
    let before = scene.state().await;
    let victors = format!("{}/permissions", scene.victors);
    for (what, path, until) in [
        ("for good", &victors, Value::Null),
        ("for longer", &victors, json!(two)),
        ("to oneself", &own, Value::Null),
    ] {
        let answer = scene.olga.put(path, "*", &grant(until)).await;
        scene.expect_refused(what, answer, &before).await;
    }
    let answer = scene.olga.post("/roles", &role(1, &["tasks.read"])).await;
    scene.expect_refused("by a role", answer, &before).await;
    let shorter = grant(json!(hour - TimeDelta::minutes(1)));
    scene
        .olga
        .put(&victors, "*", &shorter)
        .await
        .expect_status(200);
}

#[tokio::test]
async fn who_stands_above_is_not_locked_out_nor_given_another_login() {
    let scene = Scene::new().await;
    let boss = scene.user("boss", "manager").await;
    let auditor = scene.user("audrey", "auditor").await;
    let gone = scene.user("gone", "manager").await;
    scene.alice.delete(&gone, "*").await.expect_status(204);
    let before = scene.state().await;
    let olga = &scene.olga;
    for (what, answer) in [
        (
            "disabled",
            olga.patch(&boss, "*", &json!({ "is_active": false })).await,
        ),
        (
            "address",
            olga.patch(&boss, "*", &json!({ "email": "olga@evil.example" }))
                .await,
        ),
        (
            "name",
            olga.patch(&boss, "*", &json!({ "username": "x" })).await,
        ),
        ("deleted", olga.delete(&boss, "*").await),
        ("restored", olga.restore(&gone).await),
        ("roles", set_roles(olga, &boss, &[]).await),
        ("denied", rule(olga, &boss, &[("notes.read", "deny")]).await),
        // Of the same rank, but with more: the mail for a new password would go to the new address.
        (
            "takeover",
            olga.patch(&auditor, "*", &json!({ "email": "olga@evil.example" }))
                .await,
        ),
    ] {
        scene.expect_refused(what, answer, &before).await;
    }
}

#[tokio::test]
async fn what_locks_out_nobody_who_stands_above_is_allowed() {
    let scene = Scene::new().await;
    let boss = scene.user("boss", "manager").await;
    let auditor = scene.user("audrey", "auditor").await;
    let olga = &scene.olga;
    olga.patch(&boss, "*", &json!({ "first_name": "Bo" }))
        .await
        .expect_status(200);
    olga.patch(&auditor, "*", &json!({ "is_active": false }))
        .await
        .expect_status(200);
    olga.patch(&scene.victors, "*", &json!({ "email": "v@example.com" }))
        .await
        .expect_status(200);
    olga.delete(&scene.victors, "*").await.expect_status(204);
    olga.restore(&scene.victors).await.expect_status(200);
}

#[tokio::test]
async fn who_has_no_role_gives_none_whatever_is_granted_to_them() {
    let scene = Scene::new().await;
    let nemo = scene.alice.colleague("nemo", &[]).await;
    let nemos = own_path(&nemo).await;
    rule(&scene.alice, &nemos, &[("*", "grant")])
        .await
        .expect_status(200);
    let before = scene.state().await;
    for (what, answer) in [
        ("given", set_roles(&nemo, &scene.victors, &["viewer"]).await),
        ("taken", set_roles(&nemo, &scene.olgas, &[]).await),
        ("made", nemo.post("/roles", &role(0, &[])).await),
    ] {
        scene.expect_refused(what, answer, &before).await;
    }
}

/// A key passes on what its scopes cover, whatever its owner may.
#[tokio::test]
async fn nobody_gives_by_a_key_what_is_out_of_its_scopes() {
    let scene = Scene::new().await;
    let body = json!({ "name": "robot", "scopes": ["roles.*", "permissions.*", "notes.read"] });
    let key = scene.alice.post("/api-keys", &body).await;
    let key = key.expect_status(201).text_at("/data/key");
    let robot = scene.alice.with_token(&key);
    let before = scene.state().await;
    for (what, answer) in [
        (
            "to a role",
            robot.post("/roles", &role(1, &["tasks.read"])).await,
        ),
        ("everything", robot.post("/roles", &role(1, &["*"])).await),
        (
            "by a role",
            set_roles(&robot, &scene.victors, &["viewer"]).await,
        ),
        (
            "to a user",
            rule(&robot, &scene.victors, &[("notes.*", "grant")]).await,
        ),
    ] {
        scene.expect_refused(what, answer, &before).await;
    }
    let fits = role(100, &["notes.read", "roles.*"]);
    robot.post("/roles", &fits).await.expect_status(201);
    rule(&robot, &scene.victors, &[("notes.read", "grant")])
        .await
        .expect_status(200);
}
