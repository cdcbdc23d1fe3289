//! Feature flags of a tenant: on for all, for some by name, or for a share of the users that stays the same.

use reqwest::Method;
use rowhouse::settings::share;
use serde_json::{Value, json};
use test_app::{Caller, TestApp, statuses};
use uuid::Uuid;

const BETA: &str = "/settings/features/beta";

async fn set(caller: &Caller, flag: &Value) -> Value {
    caller
        .put(BETA, "*", flag)
        .await
        .expect_status(200)
        .at("/data")
}

/// Whether the caller has the feature.
async fn has(caller: &Caller) -> bool {
    caller.get(BETA).await.expect_status(200).at("/data/is_on") == json!(true)
}

async fn id(caller: &Caller) -> Uuid {
    caller
        .get("/users/me")
        .await
        .text_at("/data/id")
        .parse()
        .unwrap()
}

#[tokio::test]
async fn a_flag_is_made_set_and_shown_with_the_callers_own_answer() {
    let (_app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let missing = alice.get(BETA).await.expect_status(404);
    assert!(missing.text_at("/detail").contains("`beta`"));
    alice
        .put(BETA, "\"some\"", &json!({ "enabled": true }))
        .await
        .expect_status(412);
    let made = alice
        .put(BETA, "*", &json!({ "enabled": true, "description": "new" }))
        .await
        .expect_status(200);
    insta::assert_json_snapshot!(made.at("/data"), { ".updated_at" => "[time]" }, @r#"
    {
      "description": "new",
      "enabled": true,
      "flag": "beta",
      "is_on": true,
      "roles": [],
      "rollout_percentage": 100,
      "updated_at": "[time]",
      "users": []
    }
    "#);
    let found = alice.get(BETA).await.expect_status(200);
    assert_eq!(
        (found.etag(), found.at("/data")),
        (made.etag(), made.at("/data"))
    );
    let off = alice
        .put(BETA, &made.etag(), &json!({ "enabled": false }))
        .await
        .expect_status(200);
    assert_eq!(off.at("/data/is_on"), json!(false));
    assert_eq!(off.at("/data/description"), Value::Null);
    alice
        .put(BETA, &made.etag(), &json!({ "enabled": true }))
        .await
        .expect_status(412);
    assert!(!has(&alice).await);
    let list = alice
        .get("/settings/features?per_page=1")
        .await
        .expect_status(200);
    assert_eq!(
        (list.at("/data/0"), list.at("/pagination/total")),
        (off.at("/data"), json!(1))
    );
    // Rule 46.
    mallory.get(BETA).await.expect_status(404);
    assert_eq!(
        mallory.get("/settings/features").await.at("/data"),
        json!([])
    );
}

#[tokio::test]
async fn a_share_of_the_users_has_it_and_whoever_is_named() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let carl = alice.colleague("carl", &["manager"]).await;
    let dave = alice.colleague("dave", &["developer"]).await;
    let carls = id(&carl).await;
    let stands_at = share("beta", carls);
    for (percent, is_on) in [
        (0, false),
        (stands_at, false),
        (stands_at + 1, true),
        (100, true),
    ] {
        set(
            &alice,
            &json!({ "enabled": true, "rollout_percentage": percent }),
        )
        .await;
        for _ in 0..3 {
            assert_eq!(has(&carl).await, is_on, "{percent} % of which {stands_at}");
        }
    }
    let by_name = set(&alice, &json!({ "enabled": true, "users": [carls] })).await;
    assert_eq!(by_name["rollout_percentage"], 0);
    assert_eq!((has(&carl).await, has(&dave).await), (true, false));
    set(&alice, &json!({ "enabled": true, "roles": ["developer"] })).await;
    assert_eq!((has(&carl).await, has(&dave).await), (false, true));
    set(
        &alice,
        &json!({ "enabled": false, "roles": ["developer"], "users": [carls] }),
    )
    .await;
    assert_eq!((has(&carl).await, has(&dave).await), (false, false));
}

#[tokio::test]
async fn a_flag_names_users_and_roles_that_there_are_and_a_share_of_hundred() {
    let (_app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let (own, foreign) = (id(&alice).await, id(&mallory).await);
    for (body, field) in [
        (json!({}), "enabled"),
        (json!({ "enabled": "yes" }), "enabled"),
        (
            json!({ "enabled": true, "rollout_percentage": 101 }),
            "rollout_percentage",
        ),
        (
            json!({ "enabled": true, "rollout_percentage": -1 }),
            "rollout_percentage",
        ),
        (json!({ "enabled": true, "users": [own, own] }), "users"),
        (
            json!({ "enabled": true, "users": [own, foreign] }),
            "users[1]",
        ),
        (json!({ "enabled": true, "roles": ["wizard"] }), "roles[0]"),
        (json!({ "enabled": true, "is_on": true }), "is_on"),
    ] {
        let refused = alice.put(BETA, "*", &body).await.expect_status(422);
        assert_eq!(refused.blamed(), [field], "{body}");
    }
    alice.get(BETA).await.expect_status(404);
    let carl = alice.colleague("carl", &["manager"]).await;
    carl.put(BETA, "*", &json!({ "enabled": true }))
        .await
        .expect_status(403);
    for name in ["B", "%20", "a%2Fb", &"x".repeat(129)] {
        let path = format!("/settings/features/{name}");
        alice.get(&path).await.expect_status(404);
        alice
            .put(&path, "*", &json!({ "enabled": true }))
            .await
            .expect_status(404);
    }
}

/// Rule 73.
#[tokio::test]
async fn of_two_changes_of_one_version_of_a_flag_one_is_made() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let made = alice.put(BETA, "*", &json!({ "enabled": true })).await;
    let etag = made.expect_status(200).etag();
    let (ten, twenty) = [10, 20]
        .map(|share| json!({ "enabled": true, "rollout_percentage": share }))
        .into();
    let both = tokio::join!(
        alice.put(BETA, &etag, &ten),
        alice.put(BETA, &etag, &twenty)
    );
    assert_eq!(statuses(&both.0, &both.1), [200, 412], "{both:#?}");
    let without = alice.request(Method::PUT, BETA).json(&ten);
    alice.send(without).await.expect_status(428);
}

#[tokio::test]
async fn a_tenant_has_only_so_many_flags() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let many = "INSERT INTO feature_flags (id, flag) SELECT gen_random_uuid(), 'flag' || number FROM generate_series(1, 499) number";
    app.sql_in(&app.acme, many).await;
    let on = json!({ "enabled": true });
    alice.put(BETA, "*", &on).await.expect_status(200);
    let path = "/settings/features/gamma";
    alice.put(path, "*", &on).await.expect_status(409);
    alice.put(BETA, "*", &on).await.expect_status(200);
}
