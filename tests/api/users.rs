//! The users of a tenant: made, changed, deleted, restored.

use reqwest::Method;
use serde_json::{Value, json};
use test_app::{Caller, PASSWORD, TestApp, statuses};

/// The path of a user of the caller's tenant, who is made for it.
pub(crate) async fn new_user(caller: &Caller, username: &str) -> (String, String) {
    let created = caller.create_user(username, &[]).await;
    (
        format!("/users/{}", created.text_at("/data/id")),
        created.etag(),
    )
}

#[tokio::test]
async fn a_user_is_created_with_a_location_a_version_and_no_hash() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let body = json!({
        "email": " Bob@Example.com ",
        "username": "bob",
        "password": PASSWORD,
        "first_name": "Bob",
        "last_name": "Baker",
        "timezone": "Europe/Berlin",
        "roles": ["viewer"],
    });
    let created = alice.post("/users", &body).await.expect_status(201);
    insta::assert_json_snapshot!(created.json(), {
        ".data.id" => "[id]", ".data.created_at" => "[time]", ".data.updated_at" => "[time]",
    }, @r#"
    {
      "data": {
        "created_at": "[time]",
        "deleted_at": null,
        "display_name": "Bob Baker",
        "email": "bob@example.com",
        "first_name": "Bob",
        "id": "[id]",
        "image": null,
        "is_active": true,
        "last_name": "Baker",
        "middle_name": null,
        "roles": [
          "viewer"
        ],
        "timezone": "Europe/Berlin",
        "updated_at": "[time]",
        "username": "bob",
        "working_hours": null
      },
      "message": "the user was created",
      "success": true
    }
    "#);
    let location = created.header("Location").unwrap();
    assert_eq!(
        location,
        format!("/api/v1/tenants/acme/users/{}", created.text_at("/data/id"))
    );
    let found = alice.get(location).await.expect_status(200);
    assert_eq!(found.etag(), created.etag());
    assert_eq!(found.at("/data"), created.at("/data"));
    for answer in [&created, &found] {
        assert!(!answer.text.contains("v1$") && !answer.text.contains("$2b$"));
        assert!(!answer.text.contains("hash") && !answer.text.contains("password"));
    }
}

#[tokio::test]
async fn every_fault_of_a_new_user_is_named_at_once() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let body = json!({
        "email": "no address",
        "username": "a b",
        "password": "short",
        "first_name": "x".repeat(101),
        "image": "x".repeat(2049),
        "timezone": "Mars/Olympus",
    });
    let refused = alice.post("/users", &body).await.expect_status(422);
    insta::assert_json_snapshot!(refused.at("/errors"), @r#"
    {
      "email": [
        "must be an e-mail address of at most 254 ASCII characters, like `ada@example.com`"
      ],
      "first_name": [
        "must be at most 100 characters"
      ],
      "image": [
        "must be at most 2048 characters"
      ],
      "password": [
        "a password has at least 8 characters; hint: use a sentence"
      ],
      "timezone": [
        "must be a time zone of the IANA database, like `Europe/Berlin`"
      ],
      "username": [
        "must be 1 to 64 characters without spaces, control characters and `@`"
      ]
    }
    "#);
    let roles = json!({ "email": "a@example.com", "username": "a", "roles": ["emperor"] });
    let refused = alice.post("/users", &roles).await.expect_status(422);
    assert_eq!(
        refused.at("/errors"),
        json!({ "roles": ["there is no role `emperor`"] })
    );
}

/// Rule 73.
#[tokio::test]
async fn a_change_must_name_the_version_that_it_changes() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let (bob, etag) = new_user(&alice, "bob").await;
    let body = json!({ "first_name": "Bob" });
    let keys = json!({ "email": "bob@example.com", "username": "bob" });
    let methods = [Method::PATCH, Method::PUT, Method::DELETE];
    alice.must_name_version(&methods, &bob, &keys).await;
    let changed = alice.patch(&bob, &etag, &body).await.expect_status(200);
    assert_eq!(changed.at("/data/first_name"), json!("Bob"));
    assert_ne!(changed.etag(), etag);
    alice.patch(&bob, &etag, &body).await.expect_status(412);
    alice.delete(&bob, &etag).await.expect_status(412);
    alice.delete(&bob, &changed.etag()).await.expect_status(204);
}

/// Rule 73.
#[tokio::test]
async fn of_two_changes_of_one_version_one_is_made() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let (bob, etag) = new_user(&alice, "bob").await;
    let (one, other) = (
        json!({ "first_name": "One" }),
        json!({ "first_name": "Other" }),
    );
    let (one, other) = tokio::join!(
        alice.patch(&bob, &etag, &one),
        alice.patch(&bob, &etag, &other)
    );
    assert_eq!(statuses(&one, &other), [200, 412]);
    let winner = if one.status == 200 { one } else { other };
    assert_eq!(alice.get(&bob).await.at("/data"), winner.at("/data"));
}

/// Rule 47.
#[tokio::test]
async fn a_field_that_is_not_settable_is_named_and_nothing_changes() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let (bob, _) = new_user(&alice, "bob").await;
    let before = alice.get(&bob).await.json();
    let fields = [
        "id",
        "password_hash",
        "roles",
        "created_at",
        "deleted_at",
        "tenant_id",
        "is_system",
    ];
    let requests = [(Method::PATCH, &*bob)];
    let body = json!({ "first_name": "Robert" });
    alice.must_not_set(&fields, &requests, &body).await;
    assert_eq!(alice.get(&bob).await.json(), before);
}

#[tokio::test]
async fn a_null_clears_and_an_absent_field_stays() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let (bob, etag) = new_user(&alice, "bob").await;
    let full = json!({ "first_name": "Bob", "last_name": "Baker", "timezone": "Asia/Tokyo" });
    let full = alice.patch(&bob, &etag, &full).await.expect_status(200);
    let cleared = json!({ "first_name": null });
    let cleared = alice
        .patch(&bob, &full.etag(), &cleared)
        .await
        .expect_status(200);
    assert_eq!(cleared.at("/data/first_name"), Value::Null);
    assert_eq!(cleared.at("/data/last_name"), json!("Baker"));
    assert_eq!(cleared.at("/data/timezone"), json!("Asia/Tokyo"));
    assert_eq!(cleared.at("/data/display_name"), json!("Baker"));
}

#[tokio::test]
async fn a_null_where_a_value_must_be_is_refused() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let (bob, etag) = new_user(&alice, "bob").await;
    for field in ["email", "username", "timezone", "is_active"] {
        let refused = alice.patch(&bob, &etag, &json!({ field: null })).await;
        let refused = refused.expect_status(422);
        assert!(refused.at("/errors").get(field).is_some());
    }
}

#[tokio::test]
async fn a_replacement_clears_what_it_leaves_out() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let (bob, etag) = new_user(&alice, "bob").await;
    let full = json!({ "first_name": "Bob", "image": "x.png", "timezone": "Asia/Tokyo", "is_active": false });
    let full = alice.patch(&bob, &etag, &full).await.expect_status(200);
    let keys = json!({ "email": "rob@example.com", "username": "rob" });
    let replaced = alice
        .put(&bob, &full.etag(), &keys)
        .await
        .expect_status(200);
    let data = replaced.at("/data");
    assert_eq!(
        [&data["email"], &data["username"]],
        ["rob@example.com", "rob"]
    );
    assert!(data["first_name"].is_null() && data["image"].is_null());
    assert_eq!(
        [&data["timezone"], &data["is_active"]],
        [&json!("UTC"), &json!(true)]
    );
    alice
        .put(&bob, &replaced.etag(), &json!({ "username": "rob" }))
        .await
        .expect_status(422);
}

#[tokio::test]
async fn a_deleted_user_is_gone_until_restored() {
    let (_app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let (bob, etag) = new_user(&alice, "bob").await;
    let deleted = alice.delete(&bob, &etag).await.expect_status(204);
    assert_eq!(deleted.text, "");
    alice.must_not_find(&bob, &json!({})).await;
    let restored = alice.restore(&bob).await.expect_status(200);
    assert_ne!(restored.etag(), etag);
    assert_eq!(
        alice.get(&bob).await.expect_status(200).at("/data"),
        restored.at("/data")
    );
    anonymous.log_in("acme", "bob", PASSWORD).await;
}

#[tokio::test]
async fn an_address_or_a_name_is_taken_in_any_case() {
    let (_app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let (bob, _) = new_user(&alice, "bob").await;
    let (carol, etag) = new_user(&alice, "carol").await;
    let email = json!({ "email": "BOB@example.COM", "username": "other" });
    let taken = alice.post("/users", &email).await.expect_status(409);
    insta::assert_json_snapshot!(taken.json(), { ".request_id" => "[id]" }, @r#"
    {
      "code": "conflict",
      "detail": "the request conflicts with what exists",
      "errors": {
        "email": [
          "is already taken"
        ]
      },
      "instance": "/api/v1/tenants/acme/users",
      "message": "the request conflicts with what exists",
      "request_id": "[id]",
      "status": 409,
      "success": false,
      "title": "the request conflicts with what exists",
      "type": "urn:rowhouse:error:conflict"
    }
    "#);
    let username = json!({ "email": "other@example.com", "username": "BOB" });
    let taken = alice.post("/users", &username).await;
    taken.expect_taken("username");
    for (field, value) in [("email", "Bob@example.com"), ("username", "Bob")] {
        let taken = alice.patch(&carol, &etag, &json!({ field: value })).await;
        taken.expect_taken(field);
    }
    mallory.post("/users", &email).await.expect_status(201);
    alice.get(&bob).await.expect_status(200);
}

#[tokio::test]
async fn a_user_whose_address_was_taken_in_the_meantime_is_not_restored() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let (bob, etag) = new_user(&alice, "bob").await;
    alice.delete(&bob, &etag).await.expect_status(204);
    let heir = json!({ "email": "bob@example.com", "username": "heir" });
    alice.post("/users", &heir).await.expect_status(201);
    alice.restore(&bob).await.expect_taken("email");
    alice.get(&bob).await.expect_status(404);
}

#[tokio::test]
async fn users_see_and_change_themselves() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let nemo = alice.colleague("nemo", &[]).await;
    let me = nemo.get("/users/me").await.expect_status(200);
    assert_eq!(me.text_at("/data/username"), "nemo");
    let names = json!({ "first_name": "Nemo", "last_name": "Nobody" });
    let changed = nemo
        .patch("/users/me", &me.etag(), &names)
        .await
        .expect_status(200);
    assert_eq!(changed.text_at("/data/display_name"), "Nemo Nobody");
    nemo.patch("/users/me", &me.etag(), &names)
        .await
        .expect_status(412);
    for field in ["email", "username", "is_active", "roles"] {
        let refused = nemo
            .patch("/users/me", &changed.etag(), &json!({ field: "x" }))
            .await;
        let refused = refused.expect_status(422);
        assert!(refused.at("/errors").get(field).is_some());
    }
}

#[tokio::test]
async fn what_is_no_user_is_404() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    for id in [
        "019a0000-0000-7000-8000-000000000000",
        "1",
        "null",
        "me2",
        "%00",
        "alice",
    ] {
        let path = format!("/users/{id}");
        alice.must_not_find(&path, &json!({})).await;
        alice.restore(&path).await.expect_status(404);
    }
}
