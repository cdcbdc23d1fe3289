//! Settings that take more than the permission to be changed.

use serde_json::json;
use test_app::TestApp;

use crate::roles::new_role;
use crate::settings::{recorded, set};

/// Rule 43.
#[tokio::test]
async fn nobody_makes_a_role_the_default_that_they_could_not_give() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    new_role(&alice, "clerk", 20, &["settings.*", "notes.read"]).await;
    new_role(&alice, "reader", 10, &["notes.read"]).await;
    let carl = alice.colleague("carl", &["clerk"]).await;
    let path = "/settings/users.default_role";
    let (before, known) = (
        carl.get(path).await.json(),
        recorded(&app, "users.default_role").await,
    );
    for role in ["admin", "manager", "user"] {
        let refused = set(&carl, path, json!(role)).await.expect_status(403);
        assert_eq!(refused.code(), "permission_denied", "{role}");
    }
    // The default is `user`, which is above carl.
    carl.delete(path, "*").await.expect_status(403);
    assert_eq!(carl.get(path).await.json(), before);
    assert_eq!(recorded(&app, "users.default_role").await, known);
    set(&carl, path, json!("reader")).await.expect_status(200);
    carl.delete(path, "*").await.expect_status(403);
    alice.delete(path, "*").await.expect_status(204);
}

#[tokio::test]
async fn support_access_is_one_thing_by_either_route() {
    let (app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let root = app.platform_admin().await;
    let path = "/settings/support.access";
    let order = json!({ "username": "alice", "reason": "ticket 7", "minutes": 10 });
    let acted = root
        .post("/api/v1/tenants/acme/act-as", &order)
        .await
        .expect_status(200);
    let acting = anonymous
        .at("acme")
        .with_token(&acted.text_at("/data/access_token"));
    // Who acts as a user and a key change it by neither route.
    let key = json!({ "name": "robot", "scopes": ["settings.*"] });
    let key = alice.post("/api-keys", &key).await.expect_status(201);
    for caller in [&acting, &alice.with_token(&key.text_at("/data/key"))] {
        set(caller, path, json!(false)).await.expect_status(403);
        caller.delete(path, "*").await.expect_status(403);
        caller
            .put("/support-access", "*", &json!({ "is_allowed": false }))
            .await
            .expect_status(403);
    }
    set(&alice, path, json!(false)).await.expect_status(200);
    assert_eq!(
        alice.get("/support-access").await.at("/data/is_allowed"),
        json!(false)
    );
    acting.get("/auth/me").await.expect_status(401);
    root.post("/api/v1/tenants/acme/act-as", &order)
        .await
        .expect_status(403);
    alice
        .put("/support-access", "*", &json!({ "is_allowed": true }))
        .await
        .expect_status(200);
    assert_eq!(alice.get(path).await.at("/data/value"), json!(true));
    set(&alice, path, json!(false)).await.expect_status(200);
    alice.delete(path, "*").await.expect_status(204);
    root.post("/api/v1/tenants/acme/act-as", &order)
        .await
        .expect_status(200);
    let rows = recorded(&app, "support.access").await;
    assert_eq!(rows.len(), 4);
    assert!(
        rows.iter()
            .all(|(action, ..)| action == "support_access.update"),
        "{rows:?}"
    );
}
