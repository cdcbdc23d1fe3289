//! What system users see of tenants' schemas, and how far `initialize` mends them.

use platform_schema::SystemUserRole;
use reqwest::Method;
use serde_json::{Value, json};
use test_app::{Answer, Caller, TestApp};

/// Only adds: a table, an index, a column that is there under no name.
const LACKS: &str =
    "DROP TABLE api_keys; DROP INDEX team_members_user_id_idx; ALTER TABLE teams DROP description";

/// Takes away if it is mended.
const TOO_MUCH: &str = "ALTER TABLE users ADD nick text; CREATE TABLE leftovers (id integer); INSERT INTO leftovers VALUES (1), (2)";

async fn read(caller: &Caller, slug: &str, noun: &str) -> Value {
    let path = format!("/api/v1/tenants/{slug}/{noun}");
    caller.get(&path).await.expect_status(200).at("/data")
}

async fn verify(caller: &Caller, slug: &str) -> Value {
    let path = format!("/api/v1/tenants/{slug}/verify");
    let verified = caller.post(&path, &json!({})).await.expect_status(200);
    verified.at("/data")
}

async fn initialize(caller: &Caller, slug: &str) -> Answer {
    let path = format!("/api/v1/tenants/{slug}/initialize");
    caller.post(&path, &json!({})).await
}

fn step_names(plan: &Value) -> Vec<&str> {
    let transactions = plan["transactions"].as_array().unwrap().iter();
    let steps = transactions.flat_map(|transaction| transaction["steps"].as_array().unwrap());
    steps.map(|step| step["name"].as_str().unwrap()).collect()
}

fn differences(verification: &Value) -> Vec<String> {
    let all = verification["differences"].as_array().unwrap().iter();
    let words = all.map(|difference| {
        let (object, change) = (&difference["object"], &difference["change"]);
        format!("{} {}", object.as_str().unwrap(), change.as_str().unwrap())
    });
    words.collect()
}

#[tokio::test]
async fn the_schema_of_a_tenant_is_shown_with_the_size_of_its_tables() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let root = app.platform_admin().await;
    alice.colleague("victor", &["viewer"]).await;
    for (tenant, users) in [(&app.acme.tenant, 2), (&app.globex.tenant, 1)] {
        let mut shown = read(&root, tenant.slug.as_str(), "schema").await;
        let tables = shown["tables"].take();
        let expected = json!({
            "tenant": tenant.id, "slug": tenant.slug, "schema": tenant.schema, "version": tenant.version,
            "fingerprint": tenant.fingerprint, "is_current": true, "has_drifted": false, "tables": null,
        });
        assert_eq!(shown, expected);
        let tables = tables.as_array().unwrap();
        let size = tables.iter().find(|table| table["table"] == "users");
        assert_eq!(size.unwrap()["rows"], users);
        assert!(size.unwrap()["bytes"].as_i64().unwrap() > 8_192);
        assert!(tables.len() >= 17, "{tables:?}");
    }
}

#[tokio::test]
async fn nothing_is_planned_for_a_tenant_as_it_was_made() {
    let (app, ..) = TestApp::with_two_tenants().await;
    let root = app.platform_admin().await;
    let plan = read(&root, "acme", "plan").await;
    assert_eq!(plan["from"]["structure"], plan["to"]["structure"]);
    assert_eq!(plan["transactions"], json!([]));
    let verified = verify(&root, "acme").await;
    assert_eq!(verified["tenant"]["slug"], "acme");
    assert_eq!(
        (&verified["is_current"], &verified["has_drifted"]),
        (&json!(true), &json!(false))
    );
    for list in ["differences", "unmanaged", "foreign_references"] {
        assert_eq!(verified[list], json!([]), "{list}");
    }
}

#[tokio::test]
async fn what_a_tenant_lacks_is_said_planned_and_mended() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let root = app.platform_admin().await;
    app.sql_in(&app.acme, LACKS).await;

    let shown = read(&root, "acme", "schema").await;
    assert_eq!(
        (&shown["is_current"], &shown["has_drifted"]),
        (&json!(false), &json!(true))
    );
    let plan = read(&root, "acme", "plan").await;
    let names = step_names(&plan);
    for name in [
        "create table api_keys",
        "create index team_members_user_id_idx",
        "add column teams.description",
    ] {
        assert!(names.contains(&name), "{name}: {names:#?}");
    }
    let verified = verify(&root, "acme").await;
    assert_eq!(
        differences(&verified),
        [
            "table api_keys missing",
            "index team_members.team_members_user_id_idx missing",
            "column teams.description missing",
        ]
    );
    assert_eq!(verified["fingerprint"], plan["from"]["structure"]);
    assert_eq!(read(&root, "globex", "schema").await["has_drifted"], false);

    let mended = initialize(&root, "acme").await.expect_status(200);
    assert_eq!(
        mended.at("/data/fingerprint"),
        json!(app.acme.tenant.fingerprint)
    );
    assert_eq!(read(&root, "acme", "schema").await["has_drifted"], false);
    assert_eq!(
        differences(&verify(&root, "acme").await),
        Vec::<String>::new()
    );
    alice.get("/users").await.expect_status(200);
}

#[tokio::test]
async fn initializing_takes_nothing_away_and_names_what_it_would_have_to() {
    let (app, ..) = TestApp::with_two_tenants().await;
    let root = app.platform_admin().await;
    app.sql_in(&app.acme, TOO_MUCH).await;
    let refused = initialize(&root, "acme").await.expect_status(409);
    assert_eq!(refused.code(), "conflict");
    insta::assert_snapshot!(refused.text_at("/detail"), @"initializing deletes no data and holds nobody up: drop column users.nick (deletes-data); drop table leftovers (deletes-data) (hint: read the tenant's plan, and upgrade it by `provision upgrade`)");
    let plan = read(&root, "acme", "plan").await;
    let steps = plan["transactions"][0]["steps"].as_array().unwrap();
    let dropped = steps
        .iter()
        .find(|step| step["name"] == "drop table leftovers");
    let hazards = dropped.unwrap()["hazards"].as_array().unwrap().iter();
    let deletes = hazards
        .clone()
        .find(|hazard| hazard["kind"] == "deletes-data");
    let deletes = deletes.unwrap();
    assert_eq!(
        (&deletes["gated"], &deletes["count"]),
        (&json!(true), &json!(2))
    );
    app.sql_in(&app.acme, "SELECT nick FROM users; SELECT FROM leftovers")
        .await;
    initialize(&root, "globex").await.expect_status(200);
}

#[tokio::test]
async fn what_the_engine_leaves_alone_is_listed_and_no_drift() {
    let (app, ..) = TestApp::with_two_tenants().await;
    let root = app.platform_admin().await;
    let globex = &app.globex.tenant.schema;
    let view = format!("CREATE VIEW neighbours AS SELECT username FROM {globex}.users");
    app.sql_in(&app.acme, &view).await;
    let verified = verify(&root, "acme").await;
    assert_eq!(verified["is_current"], true);
    assert_eq!(verified["unmanaged"][0]["name"], "neighbours");
    let foreign = verified["foreign_references"].as_array().unwrap();
    assert!(!foreign.is_empty());
    for reference in foreign {
        assert_eq!(reference["schema"], globex.as_str());
    }
}

#[tokio::test]
async fn support_verifies_tenants_by_any_name_and_initializes_none() {
    let (app, ..) = TestApp::with_two_tenants().await;
    let support = app
        .system_user("help@platform.example", SystemUserRole::Support)
        .await;
    app.sql_in(&app.acme, TOO_MUCH).await;
    let acme = &app.acme.tenant;
    let (id, slug) = (acme.id.to_string(), acme.slug.to_string());
    for name in [id.as_str(), slug.as_str(), acme.schema.as_str()] {
        let request = support
            .request(Method::POST, "/api/v1/auth/verify-tenant")
            .header("X-Tenant-ID", name);
        let verified = support.send(request).await.expect_status(200).at("/data");
        assert_eq!(
            differences(&verified),
            ["table leftovers unexpected", "column users.nick unexpected"]
        );
        assert_eq!(verify(&support, name).await, verified);
    }
    initialize(&support, "acme").await.expect_status(403);
    let unnamed = support.request(Method::POST, "/api/v1/auth/verify-tenant");
    support.send(unnamed).await.expect_status(400);
}

#[tokio::test]
async fn a_tenant_that_nobody_has_is_not_found() {
    let (app, ..) = TestApp::with_two_tenants().await;
    let root = app.platform_admin().await;
    for name in ["initech", "shared", "pg_catalog", "tenant_template", "%00"] {
        for noun in ["schema", "plan"] {
            let unknown = root.get(&format!("/api/v1/tenants/{name}/{noun}")).await;
            assert_eq!(
                unknown.expect_status(404).code(),
                "tenant_not_found",
                "{name}"
            );
        }
        let unknown = root
            .post(&format!("/api/v1/tenants/{name}/verify"), &json!({}))
            .await;
        assert_eq!(
            unknown.expect_status(404).code(),
            "tenant_not_found",
            "{name}"
        );
    }
}
