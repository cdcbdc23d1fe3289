//! Suspended tenants: nobody is served, nothing is lost, and everything is as it was when they are resumed (rule 60).

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use platform_schema::TenantKey;
use rowhouse::platform::Platform;
use rowhouse::provisioner::order::Requester;
use serde_json::json;
use test_app::{Caller, PASSWORD, TestApp, config};

/// How long a change by another process may take to be in force: a second, and some for a loaded machine.
const IN_FORCE: Duration = Duration::from_secs(5);

async fn assert_refused(caller: &Caller) {
    for path in ["/users", "/users/me", "/auth/me"] {
        let refused = caller.get(path).await.expect_status(403);
        assert_eq!(refused.code(), "tenant_suspended");
    }
}

/// Waits until the caller's requests have this status.
async fn wait_for(caller: &Caller, status: u16) {
    let begun = Instant::now();
    while caller.get("/users/me").await.status.as_u16() != status {
        assert!(begun.elapsed() < IN_FORCE, "not yet {status}");
    }
}

#[tokio::test]
async fn a_suspended_tenant_is_refused_at_once_and_resumed_as_it_was() {
    let (app, anonymous, alice, mallory) = TestApp::with_two_tenants().await;
    let root = app.platform_admin().await;
    alice.get("/users").await.expect_status(200);
    let suspended = root.post("/api/v1/tenants/acme/suspend", &json!({})).await;
    let suspended = suspended.expect_status(200);
    assert_eq!(suspended.text_at("/data/status"), "suspended");
    assert_refused(&alice).await;
    let body = json!({ "username": "alice", "password": PASSWORD });
    let login = anonymous
        .post("/api/v1/tenants/acme/auth/login", &body)
        .await;
    assert_eq!(login.expect_status(403).code(), "tenant_suspended");
    mallory.get("/users").await.expect_status(200);
    let resumed = root.post("/api/v1/tenants/acme/resume", &json!({})).await;
    assert_eq!(resumed.expect_status(200).text_at("/data/status"), "active");
    alice.get("/users").await.expect_status(200);
}

#[tokio::test]
async fn a_suspension_by_another_process_is_in_force_within_a_moment() {
    let (app, _, alice, mallory) = TestApp::with_two_tenants().await;
    let other = Platform::open(&config(app.database().url())).await.unwrap();
    let acme: TenantKey = "acme".parse().unwrap();
    let requester = Requester::command_line();
    for _ in 0..3 {
        other.provisioner.suspend(&acme, &requester).await.unwrap();
        wait_for(&alice, 403).await;
        other.provisioner.resume(&acme, &requester).await.unwrap();
        wait_for(&alice, 200).await;
    }
    mallory.get("/users").await.expect_status(200);
}

#[tokio::test]
async fn suspensions_at_the_same_time_are_one_and_leave_one_record() {
    let (app, ..) = TestApp::with_two_tenants().await;
    let root = app.platform_admin().await;
    let path = "/api/v1/tenants/acme/suspend";
    let body = json!({});
    let all = join_all((0..5).map(|_| root.post(path, &body))).await;
    for answer in all {
        answer.expect_status(200);
    }
    let sql = "SELECT before->>'status', after->>'status' FROM shared.platform_audit_logs
               WHERE action = 'tenant.suspend' AND actor_id IS NOT NULL AND request_id IS NOT NULL";
    let rows = app.rows(sql).await;
    let turns: Vec<(String, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(turns, [("active".to_owned(), "suspended".to_owned())]);
}

#[tokio::test]
async fn only_active_tenants_are_suspended_and_only_suspended_ones_resumed() {
    let (app, ..) = TestApp::with_two_tenants().await;
    let root = app.platform_admin().await;
    app.sql("UPDATE shared.tenants SET status = 'archived' WHERE slug = 'acme'")
        .await;
    for turn in ["suspend", "resume"] {
        let path = format!("/api/v1/tenants/acme/{turn}");
        let refused = root.post(&path, &json!({})).await.expect_status(409);
        assert!(
            refused.text.contains("the tenant `acme` is archived"),
            "{refused:?}"
        );
        let path = format!("/api/v1/tenants/nobody/{turn}");
        let unknown = root.post(&path, &json!({})).await.expect_status(404);
        assert_eq!(unknown.code(), "tenant_not_found");
    }
}
