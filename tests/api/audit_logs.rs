//! The audit log of a tenant as its auditors read it (rules 75 and 91).

use reqwest::Method;
use serde_json::{Value, json};
use test_app::{Caller, TestApp};

const LOGS: &str = "/settings/audit-logs";

/// What the rows at a path say in one field.
async fn field(caller: &Caller, path: &str, name: &str) -> Vec<Value> {
    let rows = caller.get(path).await.expect_status(200).at("/data");
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row[name].clone()).collect()
}

#[tokio::test]
async fn the_log_is_read_page_by_page_while_it_grows() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    for number in 0..5 {
        alice.create_user(&format!("user{number}"), &[]).await;
    }
    let mut path = alice.path(&format!("{LOGS}?per_page=2&action=users.create"));
    let mut seen = Vec::new();
    loop {
        let page = alice.get(&path).await.expect_status(200);
        let rows = page.at("/data");
        let names = rows.as_array().unwrap().iter();
        seen.extend(names.map(|row| row["after"]["username"].as_str().unwrap().to_owned()));
        // The log grows at its other end.
        alice.create_user(&format!("late{}", seen.len()), &[]).await;
        if page.at("/pagination/next").is_null() {
            assert_eq!(page.header("Link"), None);
            break;
        }
        let link = page.header("Link").unwrap();
        let target = link.trim_start_matches('<').split('>').next();
        path = target.unwrap().to_owned();
    }
    let expected: Vec<_> = (0..5).rev().map(|number| format!("user{number}")).collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn each_filter_leaves_the_rows_that_it_names() {
    let (_app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let me = alice.get("/users/me").await.text_at("/data/id");
    let before = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let body = json!({ "email": "bob@example.com", "username": "bob" });
    let request = alice.request(Method::POST, "/users").json(&body);
    let request = request.header("X-Request-ID", "the-request");
    let bob = alice.send(request).await.expect_status(201);
    let bob = bob.text_at("/data/id");
    let of_bob = format!("object_type=user&object_id={bob}");
    let only = |query: &str| format!("{LOGS}?per_page=100&{query}");
    for query in [
        of_bob.as_str(),
        "request_id=the-request",
        "action=users.create",
        &format!("from={before}"),
        &format!("actor_id={me}&actor_type=user&ip=127.0.0.1&{of_bob}"),
    ] {
        let ids = field(&alice, &only(query), "object_id").await;
        assert_eq!(ids, [json!(bob)], "{query}");
        let foreign = field(&mallory, &only(query), "object_id").await;
        assert!(!foreign.contains(&json!(bob)), "{query}");
    }
    let whole = field(&alice, &only(""), "id").await;
    assert!(whole.len() > 1);
    for query in [
        "action=users",
        "ip=10.0.0.1",
        "actor_type=system_user",
        &format!("acting_as={me}"),
        &format!("to={before}&{of_bob}"),
    ] {
        let rows = field(&alice, &only(query), "id").await;
        assert_eq!(rows.len(), 0, "{query}");
    }
}

/// Rules 64 and 66.
#[tokio::test]
async fn a_query_that_is_not_understood_is_refused() {
    let (_app, _, alice, _) = TestApp::with_two_tenants().await;
    for query in [
        "page=2",
        "user=1",
        "actor_id=1",
        "actor_type=robot",
        "ip=home",
        "from=yesterday",
        "per_page=0",
        "per_page=1000000000",
        "cursor=AAAA",
        "cursor=..",
        "action=a%00b",
    ] {
        let refused = alice.get(&format!("{LOGS}?{query}")).await;
        assert_eq!(refused.status, 400, "{query}");
    }
    alice
        .get(&format!("{LOGS}/export?format=xlsx"))
        .await
        .expect_status(400);
}

#[tokio::test]
async fn a_row_is_found_by_its_id_and_not_by_another_tenant() {
    let (_app, _, alice, mallory) = TestApp::with_two_tenants().await;
    alice.create_user("bob", &[]).await;
    let rows = alice.get(LOGS).await.at("/data");
    let path = format!("{LOGS}/{}", rows[0]["id"].as_str().unwrap());
    assert_eq!(
        alice.get(&path).await.expect_status(200).at("/data"),
        rows[0]
    );
    assert_eq!(rows[0]["hash"].as_str().unwrap().len(), 64);
    mallory.get(&path).await.expect_status(404);
}

/// Rule 91.
#[tokio::test]
async fn the_auditor_sees_what_the_platform_did_to_their_own_tenant() {
    let (app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let audra = alice.colleague("audra", &["auditor"]).await;
    let root = app.platform_admin().await;
    for deed in ["suspend", "resume"] {
        let path = format!("/api/v1/tenants/acme/{deed}");
        root.post(&path, &json!({})).await.expect_status(200);
    }
    let order = json!({ "username": "alice", "reason": "ticket 7", "minutes": 5 });
    root.post("/api/v1/tenants/acme/act-as", &order)
        .await
        .expect_status(200);
    let path = format!("{LOGS}/platform");
    let seen = field(&audra, &path, "action").await;
    let expected = [
        "tenant.act_as",
        "tenant.resume",
        "tenant.suspend",
        "tenant.create",
    ];
    assert_eq!(seen, expected.map(Value::from));
    let after = field(&audra, &path, "after").await;
    assert_eq!(after[0]["reason"], "ticket 7");
    let suspended = field(&audra, &format!("{path}?action=tenant.suspend"), "after").await;
    assert_eq!(suspended, [json!({ "status": "suspended" })]);
    let elsewhere = field(&mallory, &path, "action").await;
    assert_eq!(elsewhere, ["tenant.create"]);
    let unknown = format!("{path}?object_id={}", app.globex.tenant.id);
    audra.get(&unknown).await.expect_status(400);
}
