//! The audit log of a tenant (rules 17, 88 to 90): one row for each change, in the change's own transaction, and a chain of them.

use std::collections::BTreeMap;

use connection::TenantConn;
use platform_schema::TenantId;
use rowhouse::provisioner::order::ProvisionedTenant;
use serde_json::{Value, json};
use tenant_schema::settings::{ActorType, AuditLog, ChainFault, ChainHead};
use test_app::{Caller, PASSWORD, TestApp};

/// More rows than any of these tests writes.
const MANY: i64 = 1_000;

#[expect(
    clippy::disallowed_methods,
    reason = "the test looks behind the public API"
)]
async fn rows_of(app: &TestApp, tenant: &TenantId) -> Vec<AuditLog> {
    let conn = app.platform().pools.lease(tenant).await.unwrap();
    let shared: &TenantConn = &conn;
    AuditLog::after(0, MANY, shared).await.unwrap()
}

/// The rows that acme's log has got since there were `known`.
async fn news(app: &TestApp, known: usize) -> Vec<AuditLog> {
    let rows = rows_of(app, &app.acme.tenant.id).await;
    rows.into_iter().skip(known).collect()
}

async fn count(app: &TestApp) -> usize {
    rows_of(app, &app.acme.tenant.id).await.len()
}

/// The one row that acme's log has got since there were `known`.
async fn the_news(app: &TestApp, known: usize) -> AuditLog {
    let mut rows = news(app, known).await;
    assert_eq!(rows.len(), 1, "{rows:#?}");
    rows.pop().unwrap()
}

fn chain(rows: &[AuditLog]) -> Result<ChainHead, ChainFault> {
    let mut head = ChainHead::default();
    rows.iter().try_for_each(|row| head.follow(row))?;
    Ok(head)
}

async fn with_audit_rows(rows: u32) -> (TestApp, Caller) {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    for number in 0..rows {
        alice.create_user(&format!("user{number}"), &[]).await;
    }
    (app, alice)
}

/// Changes acme's log as somebody who owns the database can.
async fn tamper(
    app: &TestApp,
    tenant: &ProvisionedTenant,
    sql: &str,
) -> Result<ChainHead, ChainFault> {
    app.sql_in(tenant, sql).await;
    chain(&rows_of(app, &tenant.tenant.id).await)
}

#[tokio::test]
async fn a_change_is_one_row_that_says_who_did_what_from_where() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let known = count(&app).await;
    let created = alice
        .send(
            alice
                .request(reqwest::Method::POST, "/users")
                .header("User-Agent", "the test")
                .header("X-Request-ID", "request-7")
                .json(&json!({ "email": "bob@acme.example", "username": "bob", "password": PASSWORD })),
        )
        .await
        .expect_status(201);
    let row = the_news(&app, known).await;
    let me = alice.get("/users/me").await.text_at("/data/id");
    assert_eq!(row.action, "users.create");
    assert_eq!(row.actor_type, ActorType::User);
    assert_eq!(row.actor_id.unwrap().to_string(), me);
    assert_eq!(row.object_type, "user");
    assert_eq!(row.object_id.unwrap(), created.text_at("/data/id"));
    assert_eq!(row.before, None);
    let after = row.after.unwrap();
    assert_eq!(after["username"], "bob");
    assert_eq!(after["password_hash"], "changed");
    assert_eq!(row.ip.unwrap().addr().to_string(), "127.0.0.1");
    assert_eq!(row.user_agent.unwrap(), "the test");
    assert_eq!(row.request_id.unwrap(), "request-7");
    assert!(row.session_id.is_some());
    let foreign = rows_of(&app, &app.globex.tenant.id).await;
    assert!(
        foreign
            .iter()
            .all(|row| row.request_id.as_deref() != Some("request-7"))
    );
}

#[tokio::test]
async fn a_change_shows_the_record_before_and_after() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let bob = alice.create_user("bob", &[]).await;
    let path = format!("/users/{}", bob.text_at("/data/id"));
    let known = count(&app).await;
    alice
        .patch(&path, "*", &json!({ "first_name": "Bob" }))
        .await
        .expect_status(200);
    let row = the_news(&app, known).await;
    let (before, after) = (row.before.unwrap(), row.after.unwrap());
    assert_eq!(before["first_name"], Value::Null);
    assert_eq!(after["first_name"], "Bob");
    assert!(after.get("password_hash").is_none());
}

#[tokio::test]
async fn what_is_refused_leaves_no_row() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    alice.create_user("bob", &[]).await;
    let victor = alice.colleague("victor", &["viewer"]).await;
    let known = count(&app).await;
    let bob = json!({ "email": "bob2@acme.example", "username": "bob" });
    alice.post("/users", &bob).await.expect_status(409);
    alice.post("/users", &json!({})).await.expect_status(422);
    victor.post("/users", &bob).await.expect_status(403);
    let stale = alice.patch("/users/me", "\"stale\"", &json!({})).await;
    stale.expect_status(412);
    assert_eq!(news(&app, known).await.len(), 0);
}

#[tokio::test]
async fn logins_failed_logins_and_evictions_are_recorded() {
    let (app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    alice.create_user("bob", &[]).await;
    let known = count(&app).await;
    let path = "/api/v1/tenants/acme/auth/login";
    for username in ["bob", "nobody"] {
        let wrong = json!({ "username": username, "password": "wrong horse" });
        anonymous.post(path, &wrong).await.expect_status(401);
    }
    for _ in 0..4 {
        anonymous.log_in("acme", "bob", PASSWORD).await;
    }
    let rows = news(&app, known).await;
    let mut counts = BTreeMap::<&str, usize>::new();
    for row in &rows {
        *counts.entry(&row.action).or_default() += 1;
    }
    let expected = [
        ("auth.login", 4),
        ("auth.login_failed", 2),
        ("auth.session_evicted", 1),
    ];
    assert_eq!(counts, BTreeMap::from(expected));
    let failed = rows.iter().filter(|row| row.action == "auth.login_failed");
    let known_users: Vec<bool> = failed.map(|row| row.object_id.is_some()).collect();
    assert_eq!(known_users, [true, false]);
    let text = format!("{rows:?}");
    assert!(!text.contains("wrong horse") && !text.contains("nobody\""));
}

#[tokio::test]
async fn the_chain_holds_however_many_change_something_at_once() {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    let names: Vec<String> = (0..20).map(|number| format!("user{number}")).collect();
    let created = names.iter().map(|name| alice.create_user(name, &[]));
    futures_util::future::join_all(created).await;
    let rows = rows_of(&app, &app.acme.tenant.id).await;
    let head = chain(&rows).unwrap();
    assert_eq!(head.position, i64::try_from(rows.len()).unwrap());
    assert!(rows.len() > 20);
}

#[tokio::test]
async fn an_edited_row_and_a_missing_one_are_found() {
    let (app, _) = with_audit_rows(4).await;
    let acme = &app.acme;
    assert_eq!(
        tamper(
            &app,
            acme,
            "UPDATE audit_logs SET after = after || '{\"username\": \"eve\"}' WHERE position = 3"
        )
        .await,
        Err(ChainFault::Edited { position: 3 })
    );
    assert_eq!(
        tamper(&app, acme, "DELETE FROM audit_logs WHERE position = 2").await,
        Err(ChainFault::Missing { expected: 2 })
    );
}

async fn walk(app: &TestApp, seen: &ChainHead) -> Result<ChainHead, ChainFault> {
    let conn = app.lease(&app.acme).await;
    ChainHead::default().walk(Some(seen), &conn).await.unwrap()
}

#[tokio::test]
async fn a_log_that_was_cut_or_written_anew_since_it_was_seen_is_found() {
    let (app, alice) = with_audit_rows(4).await;
    let acme = &app.acme;
    let seen = chain(&rows_of(&app, &acme.tenant.id).await).unwrap();
    assert_eq!(walk(&app, &seen).await, Ok(seen.clone()));
    let position = seen.position;
    let sql = format!("DELETE FROM audit_logs WHERE position = {position}");
    let cut = tamper(&app, acme, &sql).await.unwrap();
    let end = cut.position;
    let fault = ChainFault::Cut {
        end,
        seen: position,
    };
    assert_eq!(walk(&app, &seen).await, Err(fault));
    alice.create_user("another", &[]).await;
    let fault = ChainFault::Rewritten { position };
    assert_eq!(walk(&app, &seen).await, Err(fault));
}
