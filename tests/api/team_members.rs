//! Who belongs to a team: shown, and replaced as a whole.

use reqwest::Method;
use serde_json::{Value, json};
use test_app::{Caller, TestApp};

use crate::teams::new_team;

async fn id_of(caller: &Caller, username: &str) -> String {
    let created = caller.create_user(username, &[]).await;
    created.text_at("/data/id")
}

async fn members(caller: &Caller, path: &str) -> Vec<(String, bool)> {
    let list = caller.get(path).await.expect_status(200).at("/data");
    let members = list.as_array().unwrap().iter();
    members
        .map(|member| {
            let username = member["username"].as_str().unwrap();
            (username.to_owned(), member["is_leader"].as_bool().unwrap())
        })
        .collect()
}

fn named(names: &[(&str, bool)]) -> Vec<(String, bool)> {
    let names = names
        .iter()
        .map(|(name, leads)| ((*name).to_owned(), *leads));
    names.collect()
}

#[tokio::test]
async fn members_of_a_team_are_replaced_as_a_whole_and_who_stays_keeps_their_place() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let (team, etag) = new_team(&alice, "Blue").await;
    let path = format!("{team}/members");
    let (bob, carol) = (id_of(&alice, "bob").await, id_of(&alice, "carol").await);
    let both = json!([{ "user_id": carol, "is_leader": true }, { "user_id": bob }]);
    let replaced = alice.put(&path, &etag, &both).await.expect_status(200);
    assert_ne!(replaced.etag(), etag);
    assert_eq!(replaced.etag(), alice.get(&team).await.etag());
    assert_eq!(
        members(&alice, &path).await,
        named(&[("bob", false), ("carol", true)])
    );
    let joined = alice.get(&path).await.at("/data/0/created_at");
    let one = json!([{ "user_id": bob, "is_leader": true }]);
    alice
        .put(&path, &replaced.etag(), &one)
        .await
        .expect_status(200);
    assert_eq!(members(&alice, &path).await, named(&[("bob", true)]));
    assert_eq!(alice.get(&path).await.at("/data/0/created_at"), joined);
    alice
        .delete(&format!("/users/{bob}"), "*")
        .await
        .expect_status(204);
    assert_eq!(members(&alice, &path).await, named(&[]));
    alice.put(&path, "*", &json!([])).await.expect_status(200);
    alice.restore(&format!("/users/{bob}")).await;
    assert_eq!(members(&alice, &path).await, named(&[]));
}

#[tokio::test]
async fn members_are_paged_in_order_of_their_names() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let (team, _) = new_team(&alice, "Blue").await;
    let path = format!("/users{team}/members");
    let mut all = Vec::new();
    for name in ["erin", "Bob", "carol"] {
        all.push(json!({ "user_id": id_of(&alice, name).await }));
    }
    alice
        .put(&path, "*", &Value::Array(all))
        .await
        .expect_status(200);
    let page = alice
        .get(&format!("{path}?per_page=2"))
        .await
        .expect_status(200);
    assert_eq!(page.at("/pagination/total"), json!(3));
    assert_eq!(
        members(&alice, &format!("{path}?per_page=2")).await,
        named(&[("Bob", false), ("carol", false)])
    );
    assert_eq!(
        members(&alice, &format!("{path}?per_page=2&page=2")).await,
        named(&[("erin", false)])
    );
}

/// Rules 46, 64 and 73.
#[tokio::test]
async fn who_is_nobody_here_joins_no_team_and_nothing_changes() {
    let (_app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let (team, _) = new_team(&alice, "Blue").await;
    let path = format!("{team}/members");
    let bob = id_of(&alice, "bob").await;
    let victim = id_of(&mallory, "victim").await;
    let deleted = id_of(&alice, "gone").await;
    alice
        .delete(&format!("/users/{deleted}"), "*")
        .await
        .expect_status(204);
    alice
        .put(&path, "*", &json!([{ "user_id": bob }]))
        .await
        .expect_status(200);
    for nobody in [victim, deleted, uuid::Uuid::now_v7().to_string()] {
        let body = json!([{ "user_id": bob }, { "user_id": nobody }]);
        let refused = alice.put(&path, "*", &body).await.expect_status(404);
        assert_eq!(
            refused.at("/errors"),
            json!({ "[1].user_id": ["there is no such user"] })
        );
    }
    let many: Vec<Value> = (0..1001)
        .map(|_| json!({ "user_id": uuid::Uuid::now_v7() }))
        .collect();
    for body in [
        json!([{ "user_id": bob }, { "user_id": bob }]),
        json!([{ "user_id": "bob" }]),
        json!([{ "user_id": bob, "role": "admin" }]),
        json!({ "members": [] }),
        Value::Array(many),
    ] {
        alice.put(&path, "*", &body).await.expect_status(422);
    }
    let nothing = json!([]);
    alice
        .must_name_version(&[Method::PUT], &path, &nothing)
        .await;
    assert_eq!(members(&alice, &path).await, named(&[("bob", false)]));
}
