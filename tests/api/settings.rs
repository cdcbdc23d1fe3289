//! The settings of a tenant: typed, listed with their defaults, changed and brought back. Its own ones are in `own_settings`.

use reqwest::Method;
use serde_json::{Value, json};
use tenant_schema::TenantEnum;
use tenant_schema::settings::known::{Format, Guard};
use tenant_schema::settings::{KnownSetting, ValueType};
use test_app::{Answer, Caller, PASSWORD, TestApp, statuses};

const SESSIONS: &str = "/settings/sessions.max_per_user";

/// Makes a setting of the tenant's own.
pub(crate) async fn make(caller: &Caller, key: &str, value_type: &str, value: Value) -> Answer {
    let body = json!({ "key": key, "type": value_type, "value": value });
    caller.post("/settings", &body).await.expect_status(201)
}

pub(crate) async fn set(caller: &Caller, path: &str, value: Value) -> Answer {
    caller.put(path, "*", &json!({ "value": value })).await
}

/// What acme's audit log says of a setting, the newest last: action, before, after.
pub(crate) async fn recorded(app: &TestApp, key: &str) -> Vec<(String, Value, Value)> {
    let schema = &app.acme.tenant.schema;
    let sql = format!(
        "SELECT action, before::text, after::text FROM {schema}.audit_logs WHERE object_type = 'setting' AND object_id = $1 ORDER BY position"
    );
    let rows = app.database().client().await.query(&sql, &[&key]).await;
    let json = |text: Option<String>| {
        text.map_or(Value::Null, |text| serde_json::from_str(&text).unwrap())
    };
    let rows = rows.unwrap();
    let rows = rows
        .iter()
        .map(|row| (row.get(0), json(row.get(1)), json(row.get(2))));
    rows.collect()
}

async fn keys(caller: &Caller, query: &str) -> Vec<String> {
    let list = caller.get(&format!("/settings?{query}")).await;
    let data = list.expect_status(200).at("/data");
    let settings = data.as_array().unwrap().iter();
    settings
        .map(|setting| setting["key"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn settings_are_listed_with_their_defaults_and_with_what_was_set() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    let known: Vec<&str> = KnownSetting::all().iter().map(|known| known.key).collect();
    assert_eq!(keys(&alice, "").await, known);
    assert_eq!(keys(&alice, "is_overridden=true").await, [""; 0]);
    set(&alice, SESSIONS, json!(5)).await.expect_status(200);
    make(&alice, "custom.colour", "string", json!("green")).await;
    let overridden = ["custom.colour", "sessions.max_per_user"];
    assert_eq!(keys(&alice, "is_overridden=true").await, overridden);
    assert_eq!(keys(&alice, "q=SESSIONS").await, ["sessions.max_per_user"]);
    assert_eq!(keys(&alice, "per_page=3&page=2").await, known[2..5]);
    let page = alice.get("/settings?per_page=2").await.expect_status(200);
    assert_eq!(page.at("/pagination/total"), json!(known.len() + 1));
    assert!(page.header("Link").is_some());
    let shown = alice.get(SESSIONS).await.expect_status(200);
    insta::assert_json_snapshot!(shown.json(), {
        ".data.id" => "[id]", ".data.updated_at" => "[time]", ".data.updated_by" => "[id]",
    });
    let by_id = format!("/settings/{}", shown.text_at("/data/id"));
    let by_id = alice.get(&by_id).await.expect_status(200);
    assert_eq!(
        (by_id.etag(), by_id.at("/data")),
        (shown.etag(), shown.at("/data"))
    );
    for query in ["sort=key", "is_overridden=1", "colour=green"] {
        alice
            .get(&format!("/settings?{query}"))
            .await
            .expect_status(400);
    }
}

/// A setting of the tenant's own, which is red or green.
async fn make_colour(caller: &Caller) {
    let choices = json!({ "values": ["red", "green"] });
    let body =
        json!({ "key": "custom.colour", "type": "enum", "value": "red", "constraints": choices });
    caller.post("/settings", &body).await.expect_status(201);
}

#[tokio::test]
async fn a_value_of_a_wrong_type_or_out_of_range_is_refused_and_kept_out() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    make_colour(&alice).await;
    for (key, value) in [
        ("sessions.max_per_user", json!(0)),
        ("sessions.max_per_user", json!(101)),
        ("sessions.max_per_user", json!("3")),
        ("sessions.max_per_user", json!(2.5)),
        ("registration.enabled", json!("true")),
        ("registration.enabled", json!(null)),
        ("users.default_timezone", json!("Europe/Atlantis")),
        ("users.default_role", json!("wizard")),
        ("users.default_role", json!(7)),
        ("working_hours.holidays", json!(["2026-02-30"])),
        ("custom.colour", json!("blue")),
    ] {
        let path = format!("/settings/{key}");
        let before = alice.get(&path).await.json();
        let refused = set(&alice, &path, value).await.expect_status(422);
        assert_eq!(refused.blamed(), ["value"], "{key}");
        assert_eq!(alice.get(&path).await.json(), before, "{key}");
    }
}

#[tokio::test]
async fn a_change_of_what_a_setting_does_not_let_change_is_refused_with_its_field() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    make_colour(&alice).await;
    for (path, body, field) in [
        (SESSIONS, json!({}), "value"),
        (SESSIONS, json!({ "value": 2, "key": "x" }), "key"),
        (
            SESSIONS,
            json!({ "value": 2, "description": "x" }),
            "description",
        ),
        (
            SESSIONS,
            json!({ "value": 2, "constraints": { "maximum": 900 } }),
            "constraints",
        ),
        (
            "/settings/custom.colour",
            json!({ "value": "red", "constraints": { "maximum": 9 } }),
            "constraints",
        ),
    ] {
        let refused = alice.put(path, "*", &body).await.expect_status(422);
        let blamed = refused.blamed();
        assert!(
            blamed.iter().all(|key| key.starts_with(field)),
            "{blamed:?}"
        );
    }
}

#[tokio::test]
async fn a_tenant_changes_the_constraints_and_the_description_of_its_own_setting() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    make_colour(&alice).await;
    let new = json!({ "value": "blue", "constraints": { "values": ["blue"] }, "description": "of the logo" });
    let changed = alice
        .put("/settings/custom.colour", "*", &new)
        .await
        .expect_status(200);
    assert_eq!(changed.at("/data/constraints"), new["constraints"]);
    assert_eq!(changed.at("/data/description"), new["description"]);
}

/// Rule 73, also where the tenant has no row yet.
#[tokio::test]
async fn of_two_changes_of_one_version_one_is_made() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    for without_row in [false, true] {
        if without_row {
            app.sql_in(&app.acme, "DELETE FROM settings").await;
        }
        let etag = alice.get(SESSIONS).await.etag();
        let (four, five) = (json!({ "value": 4 }), json!({ "value": 5 }));
        let both = tokio::join!(
            alice.put(SESSIONS, &etag, &four),
            alice.put(SESSIONS, &etag, &five)
        );
        assert_eq!(statuses(&both.0, &both.1), [200, 412], "{both:#?}");
        alice.delete(SESSIONS, &etag).await.expect_status(412);
        for method in [Method::PUT, Method::DELETE] {
            let without = alice.request(method, SESSIONS).json(&four);
            alice.send(without).await.expect_status(428);
        }
    }
}

#[tokio::test]
async fn what_the_server_knows_gets_its_default_again_and_a_tenants_own_is_gone() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let first = alice.get(SESSIONS).await.expect_status(200);
    set(&alice, SESSIONS, json!(5)).await.expect_status(200);
    alice.delete(SESSIONS, "*").await.expect_status(204);
    let reset = alice.get(SESSIONS).await.expect_status(200);
    for field in ["value", "default", "is_overridden", "id"] {
        let pointer = format!("/data/{field}");
        assert_eq!(reset.at(&pointer), first.at(&pointer), "{field}");
    }
    make(&alice, "custom.colour", "string", json!("green")).await;
    alice
        .delete("/settings/custom.colour", "*")
        .await
        .expect_status(204);
    alice
        .get("/settings/custom.colour")
        .await
        .expect_status(404);
    alice
        .delete("/settings/custom.colour", "*")
        .await
        .expect_status(404);
    let actions: Vec<String> = recorded(&app, "sessions.max_per_user")
        .await
        .into_iter()
        .map(|row| row.0)
        .collect();
    assert_eq!(actions, ["settings.update", "settings.delete"]);
    // A tenant of an older build may lack a row.
    app.sql_in(&app.acme, "DELETE FROM settings").await;
    let bare = alice.get(SESSIONS).await.expect_status(200);
    assert_eq!(
        (bare.at("/data/value"), bare.at("/data/id")),
        (json!(3), Value::Null)
    );
    alice
        .delete(SESSIONS, &bare.etag())
        .await
        .expect_status(204);
    let made = alice
        .put(SESSIONS, &bare.etag(), &json!({ "value": 2 }))
        .await;
    assert_eq!(
        made.expect_status(200).at("/data/is_overridden"),
        json!(true)
    );
}

/// Rule 46.
#[tokio::test]
async fn what_there_is_not_and_what_another_tenant_has_is_not_found() {
    let (_app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let theirs = make(&mallory, "custom.plot", "string", json!("secret plans")).await;
    let theirs = theirs.text_at("/data/id");
    for key in [
        "custom.plot",
        &theirs,
        "sessions.max",
        "019a0000-0000-7000-8000-000000000000",
        "x%00y",
        "Support.access",
        "a%2Fb",
    ] {
        let path = format!("/settings/{key}");
        for answer in [
            alice.get(&path).await,
            set(&alice, &path, json!(1)).await,
            alice.delete(&path, "*").await,
        ] {
            assert_eq!(answer.status, 404, "{key}: {answer:#?}");
        }
    }
    let missing = alice.get("/settings/sessions.max").await.expect_status(404);
    assert!(
        missing.text_at("/detail").contains("`sessions.max`"),
        "{}",
        missing.text
    );
    assert_eq!(
        mallory.get("/settings/custom.plot").await.at("/data/value"),
        json!("secret plans")
    );
}

#[tokio::test]
async fn a_changed_setting_is_in_force_at_the_next_request() {
    let (_app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let visitor = anonymous.at("acme");
    let register = |name: &str| json!({ "email": format!("{name}@example.com"), "username": name, "password": PASSWORD });
    let path = "/settings/registration.enabled";
    for (number, is_open) in [false, true, false, true].into_iter().enumerate() {
        set(&alice, path, json!(is_open)).await.expect_status(200);
        let answer = visitor
            .post("/auth/register", &register(&format!("user{number}")))
            .await;
        assert_eq!(answer.status.as_u16() == 403, !is_open, "{answer:#?}");
    }
}

/// What docs/SETTINGS.md says of a setting.
fn row(known: &KnownSetting) -> String {
    let constraints = serde_json::to_value(&known.constraints).unwrap();
    let constraints = constraints.as_object().unwrap().iter();
    let mut must: Vec<String> = constraints
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    match known.format {
        Format::Any => {}
        Format::Role => must.push("a role of the tenant".to_owned()),
        Format::TimeZone => must.push("a time zone of the IANA database".to_owned()),
        Format::Days => must.push("a list of days, at most 1000".to_owned()),
    }
    let who = match known.guard {
        Guard::Open => "`settings.update`",
        Guard::RightsOfTheRole => "`settings.update`, and who could give the role",
        Guard::OwnSession => "`settings.update`, in a session of one's own",
    };
    let secret = if known.is_secret { "yes" } else { "no" };
    let (key, label, must) = (known.key, known.value_type.label(), must.join(", "));
    format!(
        "| `{key}` | {label} | `{}` | {must} | {secret} | {who} | {} |",
        known.default, known.description
    )
}

#[test]
fn the_settings_that_the_server_knows_are_documented() {
    let page = include_str!("../../docs/SETTINGS.md");
    let documented: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    let known: Vec<String> = KnownSetting::all().iter().map(row).collect();
    assert_eq!(
        documented,
        known,
        "docs/SETTINGS.md needs:\n{}",
        known.join("\n")
    );
    assert_eq!(
        ValueType::LABELS,
        ["string", "integer", "boolean", "enum", "json"]
    );
}
