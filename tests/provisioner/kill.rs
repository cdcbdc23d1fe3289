//! A provisioning process that is killed at any moment leaves a tenant whole or absent, and nothing in between.

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rowhouse::server::Application;
use serde_json::json;
use test_app::{Caller, PASSWORD, TestPlatform, config, provision};
use uuid::Uuid;

/// How many times a creation is killed.
const KILLS: u32 = 20;

/// How long the server gets to notice that a client is gone.
const PATIENCE: Duration = Duration::from_secs(20);

/// Starts `provision tenant create` with a password on standard input.
fn start_creation(url: &str, slug: &str) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_provision"))
        .args(["tenant", "create", "--slug", slug, "--password-stdin"])
        .env_clear()
        .env("DATABASE_URL", url)
        .env("PASSWORD_COST", "4")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(PASSWORD.as_bytes()).unwrap();
    child
}

/// A random part of one, between 0 and 1.
fn fraction() -> f64 {
    f64::from(u32::from_ne_bytes(
        Uuid::new_v4().as_bytes()[..4].try_into().unwrap(),
    )) / f64::from(u32::MAX)
}

/// Kills a creation at a moment of its life, if it lives that long. Says whether it was inside its transaction.
async fn kill_creation_at(moment: Duration, site: &TestPlatform, slug: &str) -> bool {
    let mut child = start_creation(site.url(), slug);
    tokio::time::sleep(moment).await;
    let writing = "SELECT pid::text FROM pg_stat_activity
                    WHERE datname = current_database() AND backend_xid IS NOT NULL";
    let is_inside = !site.texts(writing).await.is_empty();
    child.kill().unwrap();
    child.wait().unwrap();
    is_inside
}

/// Waits until no backend works for a killed client any more.
async fn wait_for_backends(site: &TestPlatform) {
    let others = "SELECT pid::text FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
    let begun = Instant::now();
    while !site.texts(others).await.is_empty() {
        assert!(
            begun.elapsed() < PATIENCE,
            "a killed client's backend lives"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[expect(
    clippy::print_stdout,
    reason = "how the kills fell is worth knowing, and differs every time"
)]
#[tokio::test]
async fn a_creation_that_is_killed_at_any_moment_leaves_the_tenant_whole_or_absent() {
    let site = TestPlatform::open().await;
    let begun = Instant::now();
    assert!(
        start_creation(site.url(), "whole")
            .wait()
            .unwrap()
            .success()
    );
    let lifetime = begun.elapsed();

    let slugs: Vec<String> = (0..KILLS).map(|number| format!("k{number:02}")).collect();
    let mut inside = 0;
    for (number, slug) in (0..KILLS).zip(&slugs) {
        // One random moment in each twentieth of a creation's life, and a little beyond it.
        let moment = lifetime.mul_f64((f64::from(number) + fraction()) * 1.1 / f64::from(KILLS));
        inside += u32::from(kill_creation_at(moment, &site, slug).await);
        // The next one is not to be mistaken for this one.
        wait_for_backends(&site).await;
    }
    assert!(inside > 0, "no kill fell inside a transaction");

    assert_eq!(site.platform.provisioner.orphans().await.unwrap(), []);
    let whole = site
        .texts("SELECT slug FROM shared.tenants WHERE slug <> 'whole' ORDER BY slug")
        .await;
    println!(
        "killed {KILLS} creations of {} ms each, {inside} inside their transaction: {} tenants whole, {} absent, 0 in between",
        lifetime.as_millis(),
        whole.len(),
        slugs.len() - whole.len()
    );
    assert_whole(&site).await;

    let application = Application::build(config(site.url())).await.unwrap();
    let address = format!("http://127.0.0.1:{}", application.port());
    tokio::task::spawn(application.run_until_stopped());
    let anonymous = Caller::anonymous(&address);
    for slug in &slugs {
        if whole.contains(slug) {
            anonymous.log_in(slug, "admin", PASSWORD).await;
        } else {
            let body = json!({ "username": "admin", "password": PASSWORD });
            let path = format!("/api/v1/tenants/{slug}/auth/login");
            let answer = anonymous.post(&path, &body).await;
            assert!(answer.status.is_client_error(), "{answer:?}");
            // What is absent can be made, as if nothing had happened.
            provision(&site.platform, slug, "alice").await;
            assert_login_succeeds_soon(&anonymous, slug).await;
        }
    }
}

/// Asserts that every registered tenant is active, and built and recorded exactly like the one nobody killed.
async fn assert_whole(site: &TestPlatform) {
    let differing = "SELECT t.slug FROM shared.tenants t, shared.tenants whole
         WHERE whole.slug = 'whole' AND (t.status <> 'active' OR t.fingerprint <> whole.fingerprint
            OR NOT EXISTS (SELECT FROM pg_roles WHERE rolname = t.schema_name)
            OR NOT EXISTS (SELECT FROM shared.runs r WHERE r.tenant_id = t.id AND r.status = 'succeeded')
            OR (SELECT count(*) FROM pg_tables WHERE schemaname = t.schema_name)
               <> (SELECT count(*) FROM pg_tables WHERE schemaname = whole.schema_name))";
    assert_eq!(site.texts(differing).await, Vec::<String>::new());
    let unfinished = "SELECT id::text FROM shared.runs WHERE status <> 'succeeded'";
    assert_eq!(site.texts(unfinished).await, Vec::<String>::new());
}

/// Logs in to a tenant whose name was asked for a moment ago, when it was nobody's.
async fn assert_login_succeeds_soon(anonymous: &Caller, slug: &str) {
    let path = format!("/api/v1/tenants/{slug}/auth/login");
    let body = json!({ "username": "alice", "password": PASSWORD });
    let begun = Instant::now();
    while anonymous.post(&path, &body).await.status != 200 {
        assert!(
            begun.elapsed() < Duration::from_secs(2),
            "`{slug}` is not served"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
