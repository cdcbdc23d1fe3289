//! The activity of a tenant: what others did, as far as one may see it.

use serde_json::{Value, json};
use test_app::{Caller, TestApp};

/// The entries that somebody sees, the oldest first.
async fn seen(caller: &Caller, query: &str) -> Vec<Value> {
    let page = caller.get(&format!("/activity?per_page=100&{query}")).await;
    let mut entries = page
        .expect_status(200)
        .at("/data")
        .as_array()
        .unwrap()
        .clone();
    entries.reverse();
    entries
}

fn texts(entries: &[Value]) -> Vec<&str> {
    let texts = entries.iter().map(|entry| entry["text"].as_str().unwrap());
    texts.collect()
}

/// What is granted to the caller's roles is the tenant's to say: here by denials to one user.
async fn deny(alice: &Caller, user: &Caller, permission: &str) {
    let id = user.get("/users/me").await.text_at("/data/id");
    let denial = json!([{ "permission": permission, "effect": "deny" }]);
    alice
        .put(&format!("/users/{id}/permissions"), "*", &denial)
        .await
        .expect_status(200);
}

#[tokio::test]
async fn entries_say_who_did_what_and_not_what_is_in_it() {
    let (_app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let victor = alice.colleague("victor", &["viewer"]).await;
    let name = json!({ "first_name": "Vic", "last_name": "Tor" });
    victor
        .patch("/users/me", "*", &name)
        .await
        .expect_status(200);
    let entries = seen(&victor, "").await;
    assert_eq!(
        texts(&entries),
        [
            "alice made the user victor",
            "Vic Tor changed the user victor: first_name, last_name"
        ]
    );
    assert_eq!(entries[1]["changed"], json!(["first_name", "last_name"]));
    for hidden in ["before", "after", "ip", "user_agent", "session_id"] {
        assert_eq!(entries[1].get(hidden), None, "{hidden}");
    }
    let own = victor.get("/users/me").await.text_at("/data/id");
    let filtered = seen(&victor, &format!("actor_id={own}")).await;
    assert_eq!(filtered, entries[1..]);
    let elsewhere = seen(&mallory, "").await;
    assert!(!json!(elsewhere).to_string().contains("victor"));
}

#[tokio::test]
async fn each_sees_the_changes_of_what_they_may_read() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let victor = alice.colleague("victor", &["viewer"]).await;
    let audra = alice.colleague("audra", &["auditor"]).await;
    let team = json!({ "name": "red" });
    alice.post("/teams", &team).await.expect_status(201);
    let role = json!({ "name": "cook", "permissions": [] });
    alice.post("/roles", &role).await.expect_status(201);
    let actions = async |caller: &Caller| {
        let entries = seen(caller, "").await;
        let actions = entries
            .iter()
            .map(|entry| entry["action"].as_str().unwrap());
        actions.map(str::to_owned).collect::<Vec<_>>()
    };
    let of_victor = ["users.create", "users.create", "teams.create"];
    assert_eq!(actions(&victor).await, of_victor);
    let of_audra = actions(&audra).await;
    for action in ["auth.login", "roles.create", "teams.create"] {
        assert!(of_audra.contains(&action.to_owned()), "{action}");
    }
    deny(&alice, &victor, "users.read").await;
    assert_eq!(actions(&victor).await, ["teams.create"]);
    let asked = seen(&victor, "action=users.create").await;
    assert!(asked.is_empty(), "{asked:?}");
}

/// Rule 75.
#[tokio::test]
async fn activity_is_read_page_by_page_while_it_grows() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    for number in 0..5 {
        alice.create_user(&format!("user{number}"), &[]).await;
    }
    let mut path = "/activity?per_page=2&action=users.create".to_owned();
    let mut names = Vec::new();
    loop {
        let page = alice.get(&path).await.expect_status(200);
        let rows = page.at("/data");
        let rows = rows.as_array().unwrap().iter();
        names.extend(rows.map(|row| row["object_name"].as_str().unwrap().to_owned()));
        alice
            .create_user(&format!("late{}", names.len()), &[])
            .await;
        let Value::String(next) = page.at("/pagination/next") else {
            break;
        };
        path = format!("/activity?per_page=2&action=users.create&cursor={next}");
    }
    assert_eq!(names, ["user4", "user3", "user2", "user1", "user0"]);
    for query in ["cursor=AAAA", "ip=127.0.0.1", "page=1"] {
        alice
            .get(&format!("/activity?{query}"))
            .await
            .expect_status(400);
    }
}
