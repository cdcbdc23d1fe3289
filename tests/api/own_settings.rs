//! Settings of a tenant's own: typed, named, bounded in number; secrets sealed and never shown.

use platform_schema::TenantId;
use rowhouse::pepper::sealing::Place;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use test_app::{Answer, Caller, TestApp};

use crate::settings::{make, recorded, set};

#[tokio::test]
async fn a_tenants_own_setting_is_made_below_custom_once() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let made = make(&alice, "custom.limits.daily", "integer", json!(7)).await;
    assert_eq!(
        made.header("Location").unwrap(),
        "/api/v1/tenants/acme/settings/custom.limits.daily"
    );
    assert_eq!(
        made.etag(),
        alice.get("/settings/custom.limits.daily").await.etag()
    );
    let again = json!({ "key": "custom.limits.daily", "type": "string", "value": "x" });
    let taken = alice.post("/settings", &again).await.expect_status(409);
    assert_eq!(taken.at("/errors/key"), json!(["is already taken"]));
    set(&alice, "/settings/custom.limits.daily", json!("x"))
        .await
        .expect_status(422);
    let null = make(&alice, "custom.anything", "json", Value::Null).await;
    assert_eq!(
        (null.at("/data/value"), null.at("/data/is_set")),
        (Value::Null, json!(true))
    );
}

#[tokio::test]
async fn a_tenants_own_setting_is_typed_and_named_as_it_must_be() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    for (body, fields) in [
        (
            json!({ "key": "support.access", "type": "boolean", "value": true }),
            vec!["key"],
        ),
        (
            json!({ "key": "custom.A", "type": "string", "value": 1 }),
            vec!["key", "value"],
        ),
        (
            json!({ "key": "custom.a", "type": "date", "value": 1 }),
            vec!["type"],
        ),
        (
            json!({ "key": "custom.a", "type": "integer" }),
            vec!["value"],
        ),
        (
            json!({ "key": "custom.a", "type": "enum", "value": "x" }),
            vec!["constraints.values"],
        ),
        (
            json!({ "key": "custom.a", "type": "integer", "value": 9, "constraints": { "maximum": 8 } }),
            vec!["value"],
        ),
        (
            json!({ "key": "custom.a", "type": "integer", "value": 9, "constraints": { "most": 8 } }),
            vec!["constraints.most"],
        ),
        (
            json!({ "key": "custom.a", "type": "json", "value": "x".repeat(20_000) }),
            vec!["value"],
        ),
        (
            json!({ "key": "custom.a", "type": "json", "value": 1, "description": "x".repeat(501) }),
            vec!["description"],
        ),
    ] {
        let refused = alice.post("/settings", &body).await.expect_status(422);
        assert_eq!(refused.blamed(), fields, "{body}");
    }
}

const TOKEN: &str = "/settings/custom.token";

/// Keeps a secret, and another one in its place: the answers.
async fn keep_secrets(caller: &Caller) -> [Answer; 2] {
    let body = json!({ "key": "custom.token", "type": "string", "value": "canary-4711", "is_secret": true });
    let made = caller.post("/settings", &body).await.expect_status(201);
    let changed = set(caller, TOKEN, json!("canary-4712")).await;
    [made, changed.expect_status(200)]
}

#[tokio::test]
async fn a_secret_is_never_shown() {
    let (app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let [made, changed] = keep_secrets(&alice).await;
    let faulty = set(&alice, TOKEN, json!({ "canary": 4713 })).await;
    let faulty = faulty.expect_status(422);
    for answer in [
        &made,
        &changed,
        &faulty,
        &alice.get(TOKEN).await,
        &alice.get("/settings").await,
    ] {
        assert!(!answer.text.contains("canary"), "{}", answer.text);
    }
    assert_eq!(changed.at("/data/value"), Value::Null);
    assert_eq!(changed.at("/data/is_set"), json!(true));
    let rows = recorded(&app, "custom.token").await;
    assert_eq!(rows.len(), 2);
    assert!(
        rows.iter()
            .all(|(_, _, after)| after["secret_value"] == "changed")
    );
    assert!(!format!("{rows:?}").contains("canary"));
    mallory.get(TOKEN).await.expect_status(404);
}

#[tokio::test]
async fn a_secret_is_sealed_for_its_tenant_alone() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    keep_secrets(&alice).await;
    let schema = &app.acme.tenant.schema;
    let sql = format!("SELECT value #>> '{{}}' FROM {schema}.settings WHERE key = 'custom.token'");
    let kept: String = app.rows(&sql).await[0].get(0);
    assert!(!kept.contains("canary"));
    let open = |tenant: &TenantId| {
        let place = Place {
            tenant,
            kind: "setting",
            name: "custom.token",
        };
        let opened = app.platform().sealer.open(place, &kept);
        opened.map(|secret| secret.expose_secret().to_owned())
    };
    assert_eq!(open(&app.acme.tenant.id).unwrap(), "\"canary-4712\"");
    assert!(open(&app.globex.tenant.id).is_err());
}

#[tokio::test]
async fn a_tenant_has_only_so_many_settings_of_its_own() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let many = "INSERT INTO settings (id, key, value, value_type) \
                SELECT gen_random_uuid(), 'custom.' || number, '1', 'integer' FROM generate_series(1, 199) number";
    app.sql_in(&app.acme, many).await;
    make(&alice, "custom.last", "integer", json!(1)).await;
    let body = json!({ "key": "custom.more", "type": "integer", "value": 1 });
    alice.post("/settings", &body).await.expect_status(409);
    alice
        .delete("/settings/custom.1", "*")
        .await
        .expect_status(204);
    alice.post("/settings", &body).await.expect_status(201);
}
