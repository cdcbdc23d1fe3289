//! Users out of a table: checked line by line, and added all or none.

use reqwest::Method;
use serde_json::json;
use test_app::{Answer, Caller, TestApp, TestDatabase, config};

const HEADER: &str = "email,username,first_name,roles,timezone";

async fn import(caller: &Caller, query: &str, lines: &[&str]) -> Answer {
    let table = [&[HEADER], lines].concat().join("\n");
    send(caller, query, table).await
}

async fn send(caller: &Caller, query: &str, table: impl Into<String>) -> Answer {
    let request = caller
        .request(Method::POST, &format!("/users/import{query}"))
        .header("Content-Type", "text/csv")
        .body(table.into());
    caller.send(request).await
}

async fn usernames(caller: &Caller) -> Vec<String> {
    let list = caller.get("/users?sort=username&per_page=100").await.json();
    let users = list["data"].as_array().unwrap().iter();
    users
        .map(|user| user["username"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn the_users_of_a_table_are_added_with_their_roles_and_invited() {
    let (app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let lines = [
        "bob@example.com,bob,Bob,viewer;user,Europe/Berlin",
        "carol@example.com,carol,\"Carol, the second\",,",
    ];
    let report = import(&alice, "", &lines).await.expect_status(200).json();
    assert_eq!(report["data"]["created"], 2);
    assert_eq!(report["data"]["invalid"], 0);
    let id = report["data"]["lines"][0]["id"].as_str().unwrap();
    let bob = alice.get(&format!("/users/{id}")).await.expect_status(200);
    assert_eq!(bob.at("/data/roles"), json!(["user", "viewer"]));
    assert_eq!(bob.at("/data/timezone"), json!("Europe/Berlin"));
    assert_eq!(report["data"]["lines"][1]["line"], 3);
    assert_eq!(usernames(&alice).await, ["alice", "bob", "carol"]);
    assert_eq!(usernames(&mallory).await, ["mallory"]);
    assert_eq!(app.mails("carol@example.com").await.len(), 1);
}

#[tokio::test]
async fn a_dry_run_reports_every_line_and_adds_nobody() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let lines = [
        "bob@example.com,bob,,,",
        "ALICE@acme.example,alice2,,,",
        "nowhere,carol,,gardener,Mars/Olympus",
        "dora@example.com,BOB,,,",
    ];
    let report = import(&alice, "?dry_run=true", &lines).await;
    let report = report.expect_status(200).json();
    assert_eq!(report["data"]["created"], 0);
    assert_eq!(report["data"]["invalid"], 3);
    let faults = |line: usize| -> Vec<String> {
        let errors = report["data"]["lines"][line]["errors"].as_object().unwrap();
        errors.keys().cloned().collect()
    };
    assert_eq!(faults(0), Vec::<String>::new());
    assert_eq!(faults(1), ["email"]);
    assert_eq!(faults(2), ["email", "timezone"]);
    assert_eq!(faults(3), ["username"]);
    assert_eq!(usernames(&alice).await, ["alice"]);
    assert_eq!(app.mails("bob@example.com").await.len(), 0);
}

#[tokio::test]
async fn one_line_with_a_fault_keeps_all_out_and_names_its_fields() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let lines = [
        "bob@example.com,bob,,,",
        "carol@example.com,carol,,gardener,",
    ];
    let refused = import(&alice, "", &lines).await.expect_status(422).json();
    let errors = refused["errors"].as_object().unwrap();
    assert_eq!(errors.keys().collect::<Vec<_>>(), ["lines.3.roles"]);
    assert_eq!(usernames(&alice).await, ["alice"]);
    assert_eq!(app.mails("bob@example.com").await.len(), 0);
}

#[tokio::test]
async fn nobody_imports_roles_that_are_not_theirs_to_give() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let permissions = ["users.import", "roles.assign", "users.read"];
    let role = json!({ "name": "importer", "priority": 20, "permissions": permissions });
    alice.post("/roles", &role).await.expect_status(201);
    let bob = alice.colleague("bob", &["importer"]).await;
    let refused = import(&bob, "", &["eve@example.com,eve,,admin,"]).await;
    let errors = refused.expect_status(422).at("/errors");
    assert!(errors.get("lines.2.roles").is_some(), "{errors}");
    import(&bob, "", &["eve@example.com,eve,,,"])
        .await
        .expect_status(200);
    let victor = alice.colleague("victor", &["viewer"]).await;
    import(&victor, "", &[]).await.expect_status(403);
}

#[tokio::test]
async fn what_is_no_table_of_users_is_refused_and_says_why() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let long = format!("email,username\n{}", "a@example.com,a\n".repeat(1_001));
    for (table, said) in [
        (
            "email,password\na,b\n".to_owned(),
            "there is no column `password`",
        ),
        (
            "email,username\na,b,c\n".to_owned(),
            "found record with 3 fields",
        ),
        (long, "has more than 1000 users"),
    ] {
        let refused = send(&alice, "", table).await.expect_status(422);
        let fault = refused.at("/errors/table/0");
        assert!(fault.as_str().unwrap().contains(said), "{fault}");
    }
    let json = alice.post("/users/import", &json!([])).await;
    json.expect_status(415);
    send(&alice, "?dry_run=perhaps", "")
        .await
        .expect_status(400);
}

/// Rule 84, of keys.
#[tokio::test]
async fn a_key_is_refused_beyond_its_rate_and_no_other_is() {
    let database = TestDatabase::create().await;
    let mut config = config(database.url());
    config.limits.rate_per_api_key = 3;
    let (_app, _, alice, _) = TestApp::on(database, config, |_| {}).await;
    let order = json!({ "name": "robot", "scopes": ["users.read"] });
    let mut robots = Vec::new();
    for _ in 0..2 {
        let key = alice.post("/api-keys", &order).await.expect_status(201);
        robots.push(alice.with_token(&key.text_at("/data/key")));
    }
    for _ in 0..3 {
        robots[0].get("/users").await.expect_status(200);
    }
    let refused = robots[0].get("/users").await.expect_status(429);
    assert_eq!(refused.code(), "rate_limited");
    assert!(refused.header("retry-after").is_some());
    robots[1].get("/users").await.expect_status(200);
    alice.get("/users").await.expect_status(200);
}
