//! Rows that are older than the tenant keeps them: removed from the beginning of its audit log, which stays whole.

use chrono::{TimeDelta, Utc};
use platform_schema::{AuditCut, Tenant, TenantKey};
use rowhouse::provisioner::order::{ProvisionedTenant, Requester};
use serde_json::json;
use tenant_schema::settings::{ChainFault, ChainHead};
use test_app::TestApp;

/// The setting as the tests have it, in days.
pub(crate) const KEPT: i64 = 40;

pub(crate) async fn keep_for(app: &TestApp, tenant: &ProvisionedTenant, days: i64) {
    let sql = format!("UPDATE settings SET value = '{days}' WHERE key = 'audit.retention_days'");
    app.sql_in(tenant, &sql).await;
}

/// Cuts the tenant's log as it will be cut so many days from now.
pub(crate) async fn cut(
    app: &TestApp,
    tenant: &ProvisionedTenant,
    days: i64,
) -> Result<i64, ChainFault> {
    let then = Utc::now() + TimeDelta::days(days);
    let requester = Requester::command_line();
    let platform = app.platform();
    let shared = platform.pools.platform().await.unwrap();
    let key = TenantKey::Id(tenant.tenant.id.clone());
    let found = Tenant::find_by_key(&key, &shared).await.unwrap();
    let cut = platform
        .provisioner
        .cut_audit_log(found.as_ref().unwrap(), then, &requester);
    cut.await.unwrap()
}

/// Follows acme's log from where it was cut.
async fn verify(app: &TestApp) -> Result<ChainHead, ChainFault> {
    let tenant = &app.acme.tenant.id;
    let shared = app.platform().pools.platform().await.unwrap();
    let cut = AuditCut::find(tenant, &shared).await.unwrap();
    let begin = cut.map(|AuditCut { position, hash, .. }| ChainHead { position, hash });
    let lease = app.platform().pools.lease(tenant).await.unwrap();
    let begin = begin.unwrap_or_default();
    begin.walk(None, &lease).await.unwrap()
}

async fn with_rows() -> TestApp {
    let (app, _, alice, _) = TestApp::with_two_tenants().await;
    for number in 0..4 {
        alice.create_user(&format!("user{number}"), &[]).await;
    }
    app
}

#[tokio::test]
async fn a_log_that_was_cut_is_whole_and_says_that_it_was() {
    let app = with_rows().await;
    let (acme, globex) = (&app.acme, &app.globex);
    keep_for(&app, acme, KEPT).await;
    let before = verify(&app).await.unwrap().position;
    assert_eq!(cut(&app, acme, KEPT - 1).await, Ok(0));
    // The last row stays: the chain goes on from it.
    assert_eq!(cut(&app, acme, KEPT + 1).await, Ok(before - 1));
    assert_eq!(verify(&app).await.unwrap().position, before + 1);
    let alice = app
        .anonymous()
        .log_in("acme", "alice", test_app::PASSWORD)
        .await;
    let rows = alice.get("/settings/audit-logs").await.at("/data");
    assert_eq!(rows.as_array().unwrap().len(), 3, "{rows:#}");
    assert_eq!(rows[1]["action"], "audit.cut");
    let what = json!({ "rows": before - 1, "up_to": before - 1 });
    assert_eq!(rows[1]["after"], what);
    let deeds = alice.get("/settings/audit-logs/platform").await;
    assert_eq!(deeds.text_at("/data/0/action"), "tenant.cut_audit_log");
    // What is kept for ever is, and so is what belongs to others.
    assert_eq!(cut(&app, globex, 10_000).await, Ok(0));
    let next = cut(&app, acme, KEPT + 1).await.unwrap();
    assert_eq!(next, 2);
    assert!(verify(&app).await.is_ok());
}

#[tokio::test]
async fn nothing_is_removed_before_the_shortest_time_is_over() {
    let app = with_rows().await;
    keep_for(&app, &app.acme, 1).await;
    assert_eq!(cut(&app, &app.acme, 29).await, Ok(0));
    assert!(cut(&app, &app.acme, 31).await.unwrap() > 0);
}

#[tokio::test]
async fn a_log_that_is_not_whole_is_not_cut() {
    let app = with_rows().await;
    keep_for(&app, &app.acme, KEPT).await;
    let sql = "UPDATE audit_logs SET action = 'nothing' WHERE position = 2";
    app.sql_in(&app.acme, sql).await;
    let fault = ChainFault::Edited { position: 2 };
    let cut = cut(&app, &app.acme, KEPT + 1).await;
    assert_eq!(cut, Err(fault.clone()));
    assert_eq!(verify(&app).await, Err(fault));
}

#[tokio::test]
async fn what_is_done_to_a_log_that_was_cut_is_found() {
    let app = with_rows().await;
    let acme = &app.acme;
    keep_for(&app, acme, KEPT).await;
    cut(&app, acme, KEPT + 1).await.unwrap();
    let end = verify(&app).await.unwrap().position;
    let forged = "INSERT INTO audit_logs (id, position, hash, actor_type, action, object_type)
        VALUES (gen_random_uuid(), 1, '\\x00', 'nobody', 'users.create', 'user')";
    app.sql_in(acme, forged).await;
    let fault = Err(ChainFault::Edited { position: 1 });
    assert_eq!(verify(&app).await, fault);
    app.sql_in(acme, "DELETE FROM audit_logs WHERE position = 1")
        .await;
    verify(&app).await.unwrap();
    // As if the next row had been cut as well.
    let sql = format!("DELETE FROM audit_logs WHERE position < {end}");
    app.sql_in(acme, &sql).await;
    let fault = Err(ChainFault::Missing { expected: end - 1 });
    assert_eq!(verify(&app).await, fault);
}
