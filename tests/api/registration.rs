//! Registering, and proving to own an address.

use futures_util::future::join_all;
use serde_json::{Value, json};
use test_app::{Answer, Caller, PASSWORD, TestApp};

use crate::password_reset::{expect_link_invalid, forget, log_in, reset};

const ADA: &str = "ada@example.com";

async fn set(app: &TestApp, key: &str, value: &str) {
    let sql = format!("UPDATE settings SET value = '{value}' WHERE key = '{key}'");
    app.sql_in(&app.acme, &sql).await;
}

fn ada() -> Value {
    json!({ "email": ADA, "username": "ada", "password": PASSWORD, "first_name": "Ada" })
}

async fn register(caller: &Caller, body: &Value) -> Answer {
    caller
        .post("/api/v1/tenants/acme/auth/register", body)
        .await
}

async fn verify(caller: &Caller, token: &str) -> Answer {
    let body = json!({ "token": token });
    caller
        .post("/api/v1/tenants/acme/auth/verify-email", &body)
        .await
}

async fn resend(caller: &Caller, email: &str) -> Answer {
    let body = json!({ "email": email });
    caller
        .post("/api/v1/tenants/acme/auth/resend-verification", &body)
        .await
}

async fn users(app: &TestApp, condition: &str) -> i64 {
    let sql = format!(
        "SELECT count(*) FROM {}.users WHERE {condition}",
        app.acme.tenant.schema
    );
    let client = app.database().client().await;
    client.query_one(&sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn people_register_where_the_tenant_lets_them_and_have_its_default_role() {
    let (app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    for closed in ["false", "\"true\"", "null"] {
        set(&app, "registration.enabled", closed).await;
        let refused = register(&anonymous, &ada()).await.expect_status(403);
        assert_eq!(refused.code(), "registration_closed");
    }
    assert_eq!(users(&app, "username = 'ada'").await, 0);
    set(&app, "registration.enabled", "true").await;
    set(&app, "users.default_role", "\"viewer\"").await;
    set(&app, "users.default_timezone", "\"Europe/Berlin\"").await;
    register(&anonymous, &ada()).await.expect_status(202);
    let session = log_in(&anonymous, "acme", "ada", PASSWORD)
        .await
        .expect_status(200);
    assert_eq!(session.at("/data/user/roles"), json!(["viewer"]));
    assert_eq!(session.at("/data/user/timezone"), json!("Europe/Berlin"));
    let listed = alice.get("/users?q=ada").await.expect_status(200);
    assert_eq!(listed.at("/pagination/total"), 1);
    // Rule 59: globex has its own setting.
    let elsewhere = anonymous
        .post("/api/v1/tenants/globex/auth/register", &ada())
        .await;
    assert_eq!(elsewhere.expect_status(403).code(), "registration_closed");
}

/// Rules 4, 6, 15 and 47.
#[tokio::test]
async fn who_registers_is_checked_like_every_other_user() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    set(&app, "registration.enabled", "true").await;
    for (field, value) in [
        ("email", json!("ada")),
        ("email", json!("ada\u{ff20}example.com")),
        ("email", json!("ada@example.com.")),
        ("email", json!(format!("{}@example.com", "a".repeat(250)))),
        ("username", json!("ada lovelace")),
        ("password", json!("7 chars")),
        ("password", json!("password")),
        ("password", json!("ada-1815-1852")),
        ("timezone", json!("Mars/Olympus")),
    ] {
        let mut body = ada();
        body[field] = value;
        let refused = register(&anonymous, &body).await.expect_status(422);
        assert!(refused.at("/errors").get(field).is_some(), "{body}");
    }
    for field in [
        "roles",
        "is_active",
        "email_verified_at",
        "email_verified",
        "id",
        "password_hash",
    ] {
        let mut body = ada();
        body[field] = json!(["admin"]);
        register(&anonymous, &body).await.expect_status(422);
    }
    assert_eq!(users(&app, "true").await, 1);
}

/// Rules 3 and 15: whoever asks is told nothing, whoever owns the address is.
#[tokio::test]
async fn an_address_that_has_a_user_is_answered_alike_and_its_owner_is_told() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    set(&app, "registration.enabled", "true").await;
    let new = register(&anonymous, &ada()).await.expect_status(202);
    let again = json!({ "email": " ADA@Example.com ", "username": "eve", "password": PASSWORD });
    let known = register(&anonymous, &again).await.expect_status(202);
    assert_eq!(known.text, new.text);
    assert_eq!(users(&app, "lower(email) = 'ada@example.com'").await, 1);
    assert_eq!(users(&app, "username = 'eve'").await, 0);
    let mails = app.mails(ADA).await;
    let subjects: Vec<&str> = mails.iter().map(|mail| mail.header("Subject")).collect();
    let expected = [
        "Confirm your address for acme",
        "You already have an account at acme",
    ];
    assert_eq!(subjects, expected);
    for email in [ADA, "grace@example.com"] {
        let body = json!({ "email": email, "username": "Alice", "password": PASSWORD });
        let taken = register(&anonymous, &body).await.expect_status(409);
        assert!(taken.at("/errors").get("username").is_some(), "{email}");
    }
}

#[tokio::test]
async fn of_many_who_register_with_one_address_at_once_one_becomes_a_user() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    set(&app, "registration.enabled", "true").await;
    let bodies: Vec<Value> = (0..5)
        .map(|number| json!({ "email": ADA, "username": format!("ada{number}"), "password": PASSWORD }))
        .collect();
    let answers = join_all(bodies.iter().map(|body| register(&anonymous, body))).await;
    for answer in answers {
        answer.expect_status(202);
    }
    assert_eq!(users(&app, "email = 'ada@example.com'").await, 1);
}

/// Rules 1 and 8.
#[tokio::test]
async fn an_address_must_be_proven_to_log_in_where_the_tenant_asks_for_it() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    set(&app, "registration.enabled", "true").await;
    set(&app, "login.require_verified_email", "true").await;
    register(&anonymous, &ada()).await.expect_status(202);
    let wrong = log_in(&anonymous, "acme", "ada", "not her password").await;
    assert_eq!(wrong.expect_status(401).code(), "invalid_credentials");
    let refused = log_in(&anonymous, "acme", "ada", PASSWORD)
        .await
        .expect_status(403);
    assert_eq!(refused.code(), "email_not_verified");
    let token = app.mailed_token(ADA).await;
    assert!(token.starts_with("ev1."));
    let proofs = join_all((0..10).map(|_| verify(&anonymous, &token))).await;
    let mut successes = 0;
    for proof in proofs {
        if proof.status == 204 {
            successes += 1;
        } else {
            expect_link_invalid(proof);
        }
    }
    assert_eq!(successes, 1);
    log_in(&anonymous, "acme", "ada", PASSWORD)
        .await
        .expect_status(200);
}

/// Rule 49: a setting that cannot be read as a no is a yes.
#[tokio::test]
async fn a_setting_that_makes_no_sense_asks_for_a_proven_address() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    set(&app, "login.require_verified_email", "\"false\"").await;
    let refused = log_in(&anonymous, "acme", "alice", PASSWORD)
        .await
        .expect_status(403);
    assert_eq!(refused.code(), "email_not_verified");
}

/// Rules 3 and 8.
#[tokio::test]
async fn another_link_is_mailed_to_who_has_not_proven_the_address_and_voids_the_first() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    set(&app, "registration.enabled", "true").await;
    register(&anonymous, &ada()).await.expect_status(202);
    let first = app.mailed_token(ADA).await;
    let known = resend(&anonymous, ADA).await.expect_status(202);
    let second = app.mailed_token(ADA).await;
    expect_link_invalid(verify(&anonymous, &first).await);
    verify(&anonymous, &second).await.expect_status(204);
    for email in [ADA, "nobody@example.com"] {
        let answer = resend(&anonymous, email).await.expect_status(202);
        assert_eq!(answer.text, known.text, "{email}");
    }
    assert_eq!(app.mails(ADA).await.len(), 2);
    assert_eq!(app.mails("nobody@example.com").await.len(), 0);
    expect_link_invalid(reset(&anonymous, "acme", &second, PASSWORD).await);
}

async fn change_email(caller: &Caller, password: &str, email: &str) -> Answer {
    let body = json!({ "current_password": password, "new_email": email });
    caller.post("/auth/change-email", &body).await
}

/// Rule 12.
#[tokio::test]
async fn a_new_address_takes_the_old_ones_place_when_it_is_proven_and_the_old_one_is_told() {
    let (app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let (old, new) = ("alice@acme.example", "alice@new.example");
    change_email(&alice, "not her password", new)
        .await
        .expect_status(401);
    change_email(&alice, PASSWORD, "nowhere")
        .await
        .expect_status(422);
    for body in [
        json!({ "email": new }),
        json!({ "email_verified": true }),
        json!({ "email_verified_at": "2026-01-01T00:00:00Z" }),
    ] {
        alice
            .patch("/users/me", "*", &body)
            .await
            .expect_status(422);
    }
    change_email(&alice, PASSWORD, new).await.expect_status(202);
    assert_eq!(alice.get("/auth/me").await.text_at("/data/email"), old);
    forget(&anonymous, "acme", old).await.expect_status(202);
    let to_the_old = app.mailed_token(old).await;
    verify(&anonymous, &app.mailed_token(new).await)
        .await
        .expect_status(204);
    assert_eq!(alice.get("/auth/me").await.text_at("/data/email"), new);
    assert_eq!(
        users(
            &app,
            "email = 'alice@new.example' AND email_verified_at IS NOT NULL"
        )
        .await,
        1
    );
    let told = app.mails(old).await;
    assert_eq!(
        told[1].header("Subject"),
        "Your address for acme was changed"
    );
    // What was mailed to the old address is void.
    expect_link_invalid(reset(&anonymous, "acme", &to_the_old, "some other words").await);
    log_in(&anonymous, "acme", new, PASSWORD)
        .await
        .expect_status(200);
    log_in(&anonymous, "acme", old, PASSWORD)
        .await
        .expect_status(401);
}

/// Rule 12.
#[tokio::test]
async fn an_address_that_another_has_taken_meanwhile_is_not_taken_over() {
    let (app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    change_email(&alice, PASSWORD, "bob@example.com")
        .await
        .expect_status(202);
    let token = app.mailed_token("bob@example.com").await;
    alice.create_user("bob", &[]).await;
    let refused = verify(&anonymous, &token).await.expect_status(409);
    assert!(refused.at("/errors").get("email").is_some());
    assert_eq!(
        alice.get("/auth/me").await.text_at("/data/email"),
        "alice@acme.example"
    );
}

/// Rule 12: a password that is set anew ends what a thief of the old one has begun.
#[tokio::test]
async fn a_reset_of_the_password_voids_a_change_of_the_address() {
    let (app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    change_email(&alice, PASSWORD, "thief@example.com")
        .await
        .expect_status(202);
    let stolen = app.mailed_token("thief@example.com").await;
    forget(&anonymous, "acme", "alice@acme.example")
        .await
        .expect_status(202);
    let token = app.mailed_token("alice@acme.example").await;
    reset(&anonymous, "acme", &token, "another horse battery staple")
        .await
        .expect_status(204);
    expect_link_invalid(verify(&anonymous, &stolen).await);
}

/// Rule 12.
#[tokio::test]
async fn an_address_that_an_admin_changes_is_unproven_and_both_are_told() {
    let (app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let bob = alice.create_user("bob", &[]).await;
    verify(&anonymous, &app.mailed_token("bob@example.com").await)
        .await
        .expect_status(204);
    let path = format!("/users/{}", bob.text_at("/data/id"));
    alice
        .patch(&path, "*", &json!({ "email": "robert@example.com" }))
        .await
        .expect_status(200);
    assert_eq!(
        users(&app, "username = 'bob' AND email_verified_at IS NULL").await,
        1
    );
    let told = app.mails("bob@example.com").await;
    assert_eq!(
        told[1].header("Subject"),
        "Your address for acme was changed"
    );
    verify(&anonymous, &app.mailed_token("robert@example.com").await)
        .await
        .expect_status(204);
    assert_eq!(
        users(&app, "username = 'bob' AND email_verified_at IS NOT NULL").await,
        1
    );
    // Nothing is mailed for what stays as it is.
    alice
        .patch(
            &path,
            "*",
            &json!({ "email": "robert@example.com", "first_name": "Bob" }),
        )
        .await
        .expect_status(200);
    assert_eq!(app.mails("robert@example.com").await.len(), 1);
}

#[tokio::test]
async fn who_has_good_credentials_is_told_so() {
    let (_app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let test = alice.get("/auth/test").await.expect_status(200);
    assert_eq!(test.at("/data/authenticated"), json!(true));
    assert_eq!(
        test.at("/data/user_id"),
        alice.get("/auth/me").await.at("/data/id")
    );
    anonymous
        .at("acme")
        .get("/auth/test")
        .await
        .expect_status(401);
    alice
        .at("globex")
        .get("/auth/test")
        .await
        .expect_status(401);
}
