//! Lists of users: pages, order, search and filters.

use serde_json::json;
use test_app::{Caller, TestApp};

use crate::users::new_user;

/// User names of a list, in its order.
async fn names(caller: &Caller, query: &str) -> Vec<String> {
    caller.list(&format!("/users?{query}"), "username").await
}

#[tokio::test]
async fn a_list_is_paged_counted_and_linked() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    for name in ["bob", "carol", "dave", "erin"] {
        alice.create_user(name, &[]).await;
    }
    let page = alice
        .get("/users?page=2&per_page=2&sort=username")
        .await
        .expect_status(200);
    assert_eq!(
        page.at("/pagination"),
        json!({ "page": 2, "per_page": 2, "total": 5, "pages": 3 })
    );
    let path = "/api/v1/tenants/acme/users?per_page=2&sort=username&page=";
    let links = [("first", 1), ("prev", 1), ("next", 3), ("last", 3)];
    let links = links.map(|(relation, page)| format!("<{path}{page}>; rel=\"{relation}\""));
    assert_eq!(page.header("Link"), Some(links.join(", ").as_str()));
    assert_eq!(
        names(&alice, "page=2&per_page=2&sort=username").await,
        ["carol", "dave"]
    );
    assert!(names(&alice, "page=9").await.is_empty());
}

#[tokio::test]
async fn a_list_is_sorted_by_the_keys_it_offers() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    for name in ["carol", "bob"] {
        alice.create_user(name, &[]).await;
    }
    assert_eq!(names(&alice, "").await, ["alice", "carol", "bob"]);
    assert_eq!(
        names(&alice, "sort=username").await,
        ["alice", "bob", "carol"]
    );
    assert_eq!(
        names(&alice, "sort=-username").await,
        ["carol", "bob", "alice"]
    );
    assert_eq!(
        names(&alice, "sort=first_name,-created_at").await,
        ["bob", "carol", "alice"]
    );
    for sort in ["password_hash", "username,username", "username;drop", ""] {
        let refused = alice
            .get(&format!("/users?sort={sort}"))
            .await
            .expect_status(400);
        assert!(refused.at("/errors").get("sort").is_some(), "{sort}");
    }
}

#[tokio::test]
async fn a_list_is_searched_and_filtered() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    for (name, roles) in [
        ("bob", &["viewer"][..]),
        ("carol", &["viewer", "manager"]),
        ("100%_sure", &[]),
    ] {
        alice.create_user(name, roles).await;
    }
    app.sql_in(
        &app.acme,
        "UPDATE users SET is_active = false WHERE username = 'bob'",
    )
    .await;
    assert_eq!(names(&alice, "q=CAR").await, ["carol"]);
    assert_eq!(names(&alice, "q=acme.example").await, ["alice"]);
    assert_eq!(names(&alice, "q=%25").await, ["100%_sure"]);
    assert_eq!(names(&alice, "q=_").await, ["100%_sure"]);
    assert_eq!(
        names(&alice, "role=viewer&sort=username").await,
        ["bob", "carol"]
    );
    assert_eq!(names(&alice, "role=viewer&is_active=true").await, ["carol"]);
    assert_eq!(names(&alice, "is_active=false").await, ["bob"]);
    assert!(names(&alice, "role=emperor").await.is_empty());
    let viewers = alice.get("/users?role=viewer&per_page=1").await;
    assert_eq!(viewers.at("/pagination/total"), json!(2));
}

#[tokio::test]
async fn deleted_users_are_listed_to_those_who_may_delete() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let (bob, etag) = new_user(&alice, "bob").await;
    alice.delete(&bob, &etag).await.expect_status(204);
    assert_eq!(names(&alice, "").await, ["alice"]);
    assert_eq!(
        names(&alice, "include_deleted=true").await,
        ["alice", "bob"]
    );
    let victor = alice.colleague("victor", &["viewer"]).await;
    victor
        .get("/users?include_deleted=true")
        .await
        .expect_status(403);
}
