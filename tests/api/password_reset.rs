//! Passwords set by mailed links.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use test_app::{Answer, Caller, PASSWORD, TestApp, TestDatabase, config};

use crate::sessions::{Session, expect_refused};

pub(crate) const ALICE: &str = "alice@acme.example";
pub(crate) const NEW: &str = "another horse battery staple";

pub(crate) async fn forget(caller: &Caller, slug: &str, email: &str) -> Answer {
    let path = format!("/api/v1/tenants/{slug}/auth/forgot-password");
    caller.post(&path, &json!({ "email": email })).await
}

pub(crate) async fn reset(caller: &Caller, slug: &str, token: &str, password: &str) -> Answer {
    let path = format!("/api/v1/tenants/{slug}/auth/reset-password");
    let body = json!({ "token": token, "new_password": password });
    caller.post(&path, &body).await
}

pub(crate) async fn log_in(caller: &Caller, slug: &str, username: &str, password: &str) -> Answer {
    let path = format!("/api/v1/tenants/{slug}/auth/login");
    let body = json!({ "username": username, "password": password });
    caller.post(&path, &body).await
}

pub(crate) fn expect_link_invalid(answer: Answer) {
    assert_eq!(answer.expect_status(400).code(), "link_invalid");
}

/// The token of the link that is mailed to alice when she has forgotten her password.
pub(crate) async fn forgotten(app: &TestApp, anonymous: &Caller) -> String {
    forget(anonymous, "acme", ALICE).await.expect_status(202);
    app.mailed_token(ALICE).await
}

/// Rules 7, 8 and 10.
#[tokio::test]
async fn a_mailed_link_sets_a_new_password_once_ends_all_sessions_and_logs_nobody_in() {
    let (app, anonymous, alice, mallory) = TestApp::with_two_tenants().await;
    let other = Session::open(&anonymous, "alice").await;
    let token = forgotten(&app, &anonymous).await;
    log_in(&anonymous, "acme", "alice", PASSWORD)
        .await
        .expect_status(200);
    let done = reset(&anonymous, "acme", &token, NEW)
        .await
        .expect_status(204);
    assert_eq!(done.text, "");
    expect_refused(&anonymous, &other.refresh_token, "session_ended").await;
    alice.get("/auth/me").await.expect_status(401);
    mallory.get("/auth/me").await.expect_status(200);
    log_in(&anonymous, "acme", "alice", PASSWORD)
        .await
        .expect_status(401);
    log_in(&anonymous, "acme", "alice", NEW)
        .await
        .expect_status(200);
    expect_link_invalid(reset(&anonymous, "acme", &token, "the third horse staple").await);
    let mails = app.mails(ALICE).await;
    let subjects: Vec<&str> = mails.iter().map(|mail| mail.header("Subject")).collect();
    let expected = [
        "Set a new password for acme",
        "Your password for acme was changed",
    ];
    assert_eq!(subjects, expected);
}

/// Rule 7.
#[tokio::test]
async fn who_changes_a_password_is_told_by_mail_and_links_from_before_are_void() {
    let (app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let token = forgotten(&app, &anonymous).await;
    let body = json!({ "current_password": PASSWORD, "new_password": NEW });
    alice
        .post("/auth/change-password", &body)
        .await
        .expect_status(204);
    let mails = app.mails(ALICE).await;
    assert_eq!(
        mails[1].header("Subject"),
        "Your password for acme was changed"
    );
    expect_link_invalid(reset(&anonymous, "acme", &token, PASSWORD).await);
    let wrong = json!({ "current_password": PASSWORD, "new_password": "some other words" });
    alice
        .post("/auth/change-password", &wrong)
        .await
        .expect_status(401);
    assert_eq!(app.mails(ALICE).await.len(), 2);
}

/// Rule 8.
#[tokio::test]
async fn of_ten_who_redeem_a_link_at_once_one_succeeds() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    let token = forgotten(&app, &anonymous).await;
    let passwords: Vec<String> = (0..10)
        .map(|number| format!("horse battery staple no {number}"))
        .collect();
    let resets = passwords
        .iter()
        .map(|password| reset(&anonymous, "acme", &token, password));
    let answers = join_all(resets).await;
    let mut successes = Vec::new();
    for (password, answer) in passwords.iter().zip(answers) {
        if answer.status == 204 {
            successes.push(password);
        } else {
            expect_link_invalid(answer);
        }
    }
    assert_eq!(successes.len(), 1);
    log_in(&anonymous, "acme", "alice", successes[0])
        .await
        .expect_status(200);
}

/// Rule 8.
#[tokio::test]
async fn a_newer_link_voids_the_older_and_each_has_its_time() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    let older = forgotten(&app, &anonymous).await;
    let newer = forgotten(&app, &anonymous).await;
    assert_ne!(older, newer);
    expect_link_invalid(reset(&anonymous, "acme", &older, NEW).await);
    let schema = &app.acme.tenant.schema;
    let minutes = format!(
        "SELECT round(extract(epoch FROM expires_at - now()) / 60)::int FROM {schema}.password_reset_tokens"
    );
    let client = app.database().client().await;
    assert_eq!(
        client
            .query_one(&minutes, &[])
            .await
            .unwrap()
            .get::<_, i32>(0),
        10
    );
    app.sql_in(
        &app.acme,
        "UPDATE password_reset_tokens SET expires_at = now()",
    )
    .await;
    expect_link_invalid(reset(&anonymous, "acme", &newer, NEW).await);
    log_in(&anonymous, "acme", "alice", PASSWORD)
        .await
        .expect_status(200);
}

/// Rule 9.
#[tokio::test]
async fn the_link_leads_to_the_configured_address_whatever_the_request_says() {
    let database = TestDatabase::create().await;
    let mut config = config(database.url());
    config.mail.public_url = Some("https://app.example.com".to_owned());
    let (app, anonymous, ..) = TestApp::on(database, config, |_| {}).await;
    for (header, value) in [
        ("Host", "evil.example"),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Proto", "http"),
        ("Forwarded", "host=evil.example;proto=http"),
        ("Origin", "https://evil.example"),
    ] {
        let request = anonymous
            .request(Method::POST, "/api/v1/tenants/acme/auth/forgot-password")
            .header(header, value)
            .json(&json!({ "email": ALICE }));
        anonymous.send(request).await.expect_status(202);
    }
    let mails = app.mails(ALICE).await;
    assert_eq!(mails.len(), 5);
    for mail in &mails {
        assert!(
            mail.link()
                .starts_with("https://app.example.com/tenants/acme/reset-password#token=pr1.")
        );
        assert!(!mail.text().contains("evil"), "{}", mail.text());
    }
}

/// Rules 8 and 31: a token is worth something at its tenant alone, and as what it was mailed for.
#[tokio::test]
async fn a_token_of_another_tenant_or_kind_opens_nothing() {
    let (app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let session = Session::open(&anonymous, "alice").await;
    let token = forgotten(&app, &anonymous).await;
    expect_link_invalid(reset(&anonymous, "globex", &token, NEW).await);
    let proof = json!({ "token": token });
    expect_link_invalid(
        anonymous
            .post("/api/v1/tenants/acme/auth/verify-email", &proof)
            .await,
    );
    let secret = token.strip_prefix("pr1.").unwrap();
    for wrong in [
        String::new(),
        secret.to_owned(),
        format!("ev1.{secret}"),
        format!("iv1.{secret}"),
        format!("{token}A"),
        format!("pr1.{}", "A".repeat(43)),
        session.refresh_token.clone(),
        alice.token().to_owned(),
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.".to_owned(),
    ] {
        expect_link_invalid(reset(&anonymous, "acme", &wrong, NEW).await);
    }
    // Rule 32.
    let bearer = anonymous.at("acme").with_token(&token);
    assert_eq!(
        bearer.get("/auth/me").await.expect_status(401).code(),
        "invalid_token"
    );
    expect_refused(&anonymous, &token, "invalid_token").await;
    reset(&anonymous, "acme", &token, NEW)
        .await
        .expect_status(204);
}

/// Rules 10 and 20.
#[tokio::test]
async fn a_link_of_somebody_disabled_or_deleted_or_of_a_suspended_tenant_opens_nothing() {
    let (app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let bob = alice.create_user("bob", &[]).await;
    let path = format!("/users/{}", bob.text_at("/data/id"));
    let email = "bob@example.com";
    forget(&anonymous, "acme", email).await.expect_status(202);
    let token = app.mailed_token(email).await;
    alice
        .patch(&path, "*", &json!({ "is_active": false }))
        .await
        .expect_status(200);
    expect_link_invalid(reset(&anonymous, "acme", &token, NEW).await);
    alice
        .patch(&path, "*", &json!({ "is_active": true }))
        .await
        .expect_status(200);
    let root = app.platform_admin().await;
    root.post("/api/v1/tenants/acme/suspend", &json!({}))
        .await
        .expect_status(200);
    let refused = reset(&anonymous, "acme", &token, NEW)
        .await
        .expect_status(403);
    assert_eq!(refused.code(), "tenant_suspended");
    assert_eq!(
        forget(&anonymous, "acme", email)
            .await
            .expect_status(403)
            .code(),
        "tenant_suspended"
    );
    root.post("/api/v1/tenants/acme/resume", &json!({}))
        .await
        .expect_status(200);
    alice.delete(&path, "*").await.expect_status(204);
    expect_link_invalid(reset(&anonymous, "acme", &token, NEW).await);
    // Rule 34: another user with the same address is not meant.
    alice.create_user("bob", &[]).await;
    expect_link_invalid(reset(&anonymous, "acme", &token, NEW).await);
}

/// Rule 88.
#[tokio::test]
async fn each_step_of_a_reset_leaves_one_row_in_the_audit_log_and_no_secret() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    let schema = &app.acme.tenant.schema;
    let client = app.database().client().await;
    let token = forgotten(&app, &anonymous).await;
    forget(&anonymous, "acme", "nobody@example.com")
        .await
        .expect_status(202);
    reset(&anonymous, "acme", &token, NEW)
        .await
        .expect_status(204);
    let rows = client
        .query(
            &format!("SELECT action, actor_type::text, object_id IS NULL, audit_logs::text FROM {schema}.audit_logs
                       WHERE action LIKE 'auth.%password' ORDER BY position"),
            &[],
        )
        .await
        .unwrap();
    let seen: Vec<(&str, &str, bool)> = rows
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .collect();
    let expected = [
        ("auth.forgot_password", "nobody", false),
        ("auth.forgot_password", "nobody", true),
        ("auth.reset_password", "user", false),
    ];
    assert_eq!(seen, expected);
    for row in &rows {
        let text: &str = row.get(3);
        assert!(
            !text.contains(&token) && !text.contains(NEW) && !text.contains("v1$"),
            "{text}"
        );
    }
}
