//! Passwords set by mailed links: forgotten ones, and the first ones of those who are invited.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use test_app::{Answer, Caller, ChaosProxy, Mail, PASSWORD, TestApp, TestDatabase, config};

use crate::sessions::{Session, expect_refused};

const ALICE: &str = "alice@acme.example";
const NEW: &str = "another horse battery staple";

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
async fn forgotten(app: &TestApp, anonymous: &Caller) -> String {
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

/// Rules 8 and 83: neither the token nor what could be made of it without the key of the process.
#[tokio::test]
async fn no_token_is_in_the_database_before_or_after_it_is_mailed() {
    let database = TestDatabase::create().await;
    let mut config = config(database.url());
    // Nobody is there, so the mail waits.
    config.mail.smtp_url = Some("smtp://127.0.0.1:9".into());
    let (app, anonymous, ..) = TestApp::on(database, config, |_| {}).await;
    forget(&anonymous, "acme", ALICE).await.expect_status(202);
    let client = app.database().client().await;
    let seed: Vec<u8> = client
        .query_one("SELECT seed FROM shared.mail_outbox", &[])
        .await
        .unwrap()
        .get(0);
    let token = app
        .platform()
        .links
        .key()
        .token(rowhouse::identity::mailed_token::LinkKind::Reset, &seed);
    let hash = client
        .query_one(
            &format!(
                "SELECT token_hash FROM {}.password_reset_tokens",
                app.acme.tenant.schema
            ),
            &[],
        )
        .await
        .unwrap()
        .get::<_, Vec<u8>>(0);
    assert_eq!(hash, token.hash());
    let (_, secret) = token.expose().split_once('.').unwrap();
    let program = app.database().program("pg_dump");
    let dump = std::process::Command::new(program)
        .arg(app.database().url())
        .output()
        .unwrap();
    let dump = String::from_utf8(dump.stdout).unwrap();
    assert!(dump.contains("mail_outbox") && !dump.contains(secret));
    reset(&anonymous, "acme", token.expose(), NEW)
        .await
        .expect_status(204);
}

/// Rules 3 and 59.
#[tokio::test]
async fn who_asks_for_a_link_is_not_told_whether_there_is_such_a_user() {
    let (app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let bob = alice.create_user("bob", &[]).await;
    let path = format!("/users/{}", bob.text_at("/data/id"));
    alice
        .patch(&path, "*", &json!({ "is_active": false }))
        .await
        .expect_status(200);
    let known = forget(&anonymous, "acme", ALICE).await.expect_status(202);
    for nobody in [
        "mallory@globex.example",
        "nobody@example.com",
        "bob@example.com",
    ] {
        let unknown = forget(&anonymous, "acme", nobody).await.expect_status(202);
        assert_eq!(unknown.text, known.text, "{nobody}");
        let names = |answer: &Answer| -> Vec<String> {
            answer.headers.keys().map(ToString::to_string).collect()
        };
        assert_eq!(names(&unknown), names(&known));
    }
    app.wait_for_outbox().await;
    let client = app.database().client().await;
    let rows = client
        .query(
            "SELECT recipient FROM shared.mail_outbox WHERE kind = 'reset'",
            &[],
        )
        .await
        .unwrap();
    let recipients: Vec<&str> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(recipients, [ALICE]);
    for wrong in ["", "nobody", "a@b@c", "al\u{131}ce@acme.example"] {
        forget(&anonymous, "acme", wrong).await.expect_status(422);
    }
    forget(&anonymous, "nowhere", ALICE)
        .await
        .expect_status(404);
}

/// Rule 3: the work is the same, and with it the time.
#[tokio::test]
async fn a_link_for_somebody_and_one_for_nobody_cost_the_same_round_trips() {
    let database = TestDatabase::create().await;
    let proxy = ChaosProxy::start(database.url()).await;
    let (app, anonymous, ..) = TestApp::on(database, config(proxy.url()), |_| {}).await;
    for route in ["forgot-password", "resend-verification"] {
        let path = format!("/api/v1/tenants/acme/auth/{route}");
        // So many that no more are sent, which would cost round trips at the same time.
        for _ in 0..5 {
            let body = json!({ "email": ALICE });
            anonymous.post(&path, &body).await.expect_status(202);
        }
        app.wait_for_outbox().await;
        let mut costs = Vec::new();
        for email in [ALICE, "nobody@example.com"] {
            let mut tries = Vec::new();
            for _ in 0..5 {
                let before = proxy.ready_for_queries();
                anonymous
                    .post(&path, &json!({ "email": email }))
                    .await
                    .expect_status(202);
                tries.push(proxy.ready_for_queries() - before);
            }
            // The least: the platform listens at the same time.
            costs.push(tries.into_iter().min().unwrap());
        }
        assert_eq!(costs[0], costs[1], "{route}");
    }
}

/// Rule 3. Asked for by hand: `cargo test --test api -- --ignored asking_for_a_link`.
#[tokio::test]
#[ignore = "measures for about ten seconds"]
async fn asking_for_a_link_takes_as_long_for_nobody_as_for_somebody() {
    const EACH: usize = 200;
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    let sql = format!(
        "INSERT INTO users (id, email, username) \
         SELECT gen_random_uuid(), 'user' || n || '@example.com', 'user' || n FROM generate_series(1, {EACH}) n"
    );
    app.sql_in(&app.acme, &sql).await;
    let names = ["user", "nobody"];
    let mut times = names.map(|_| Vec::with_capacity(EACH));
    for number in 1..=EACH {
        for (name, times) in names.iter().zip(&mut times) {
            let email = format!("{name}{number}@example.com");
            let begun = std::time::Instant::now();
            forget(&anonymous, "acme", &email).await.expect_status(202);
            times.push(begun.elapsed().as_secs_f64() * 1_000.0);
            // The mail is written in the meantime, which would slow down whoever is next.
            app.wait_for_outbox().await;
        }
    }
    let medians = times.map(|mut times| {
        times.sort_unstable_by(f64::total_cmp);
        times[EACH / 2]
    });
    let apart = (medians[1] / medians[0] - 1.0).abs();
    assert!(apart < 0.1, "{medians:?}");
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

/// Rules 4, 5 and 6. What is refused does not use the token up.
#[tokio::test]
async fn a_new_password_is_a_sentence_and_no_name_that_is_tried_first() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    app.sql("UPDATE shared.tenants SET name = 'Acme Corporation' WHERE slug = 'acme'")
        .await;
    let token = forgotten(&app, &anonymous).await;
    for password in [
        "7 chars",
        "password",
        "Sunshine",
        "12345678",
        "acme corporation",
        "AcmeCorporation2026",
        "Alice-1234567890",
        "alice@acme.example",
    ] {
        let refused = reset(&anonymous, "acme", &token, password)
            .await
            .expect_status(422);
        assert!(
            refused.at("/errors").get("new_password").is_some(),
            "{password}"
        );
    }
    let long = format!("{}X", "a".repeat(72));
    for password in [
        "\u{1f600}".repeat(64),
        "           ".to_owned() + "    ",
        "пароль из слов".to_owned(),
        long,
    ] {
        reset(
            &anonymous,
            "acme",
            &forgotten(&app, &anonymous).await,
            &password,
        )
        .await
        .expect_status(204);
        log_in(&anonymous, "acme", "alice", &password)
            .await
            .expect_status(200);
        app.sql("DELETE FROM shared.mail_outbox").await;
    }
    log_in(&anonymous, "acme", "alice", &"a".repeat(72))
        .await
        .expect_status(401);
}

/// Rule 4: a password is taken exactly as received, so the two forms of a letter are two passwords (OWASP ASVS 6.2.8).
#[tokio::test]
async fn the_same_letters_in_another_normal_form_are_another_password() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    let (composed, decomposed) = ("caf\u{e9} am Markt", "cafe\u{301} am Markt");
    let token = forgotten(&app, &anonymous).await;
    reset(&anonymous, "acme", &token, composed)
        .await
        .expect_status(204);
    log_in(&anonymous, "acme", "alice", composed)
        .await
        .expect_status(200);
    log_in(&anonymous, "acme", "alice", decomposed)
        .await
        .expect_status(401);
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

/// Rules 8 and 11.
#[tokio::test]
async fn who_is_invited_sets_the_first_password_once_and_has_proven_the_address() {
    let (app, anonymous, alice, _) = TestApp::with_two_tenants().await;
    let body = json!({ "email": "bob@example.com", "username": "bob", "roles": ["viewer"] });
    let bob = alice.post("/users", &body).await.expect_status(201);
    let mails = app.mails("bob@example.com").await;
    assert_eq!(mails[0].header("Subject"), "You are invited to acme");
    assert!(
        mails[0]
            .link()
            .contains("/tenants/acme/accept-invitation#token=iv1.")
    );
    let token = mails[0].token();
    log_in(&anonymous, "acme", "bob", "")
        .await
        .expect_status(401);
    // What could be edited is not in it.
    let with_role = json!({ "token": token, "new_password": NEW, "roles": ["admin"], "email": "x@example.com" });
    anonymous
        .post("/api/v1/tenants/acme/auth/reset-password", &with_role)
        .await
        .expect_status(422);
    expect_link_invalid(reset(&anonymous, "globex", &token, NEW).await);
    reset(&anonymous, "acme", &token, NEW)
        .await
        .expect_status(204);
    expect_link_invalid(reset(&anonymous, "acme", &token, PASSWORD).await);
    let session = log_in(&anonymous, "acme", "bob", NEW)
        .await
        .expect_status(200);
    assert_eq!(session.at("/data/user/roles"), json!(["viewer"]));
    let verified = format!(
        "SELECT email_verified_at IS NOT NULL FROM {}.users WHERE id = '{}'",
        app.acme.tenant.schema,
        bob.text_at("/data/id")
    );
    let client = app.database().client().await;
    assert!(
        client
            .query_one(&verified, &[])
            .await
            .unwrap()
            .get::<_, bool>(0)
    );
}

/// Rule 10: an admin has a link sent, and sees neither it nor the password.
#[tokio::test]
async fn an_admin_has_a_link_mailed_and_the_password_stays_until_it_is_followed() {
    let (app, anonymous, alice, mallory) = TestApp::with_two_tenants().await;
    let bob = alice.colleague("bob", &["viewer"]).await;
    let id = bob.get("/users/me").await.text_at("/data/id");
    let path = format!("/users/{id}/invitation");
    for (caller, status) in [(&bob, 403), (&mallory, 404)] {
        caller.post(&path, &json!({})).await.expect_status(status);
    }
    let answer = alice.post(&path, &json!({})).await.expect_status(202);
    assert_eq!(answer.at("/data"), json!(null));
    let token = app.mailed_token("bob@example.com").await;
    assert!(token.starts_with("pr1."));
    log_in(&anonymous, "acme", "bob", PASSWORD)
        .await
        .expect_status(200);
    bob.get("/auth/me").await.expect_status(200);
    reset(&anonymous, "acme", &token, NEW)
        .await
        .expect_status(204);
    log_in(&anonymous, "acme", "bob", NEW)
        .await
        .expect_status(200);
    let invited = json!({ "email": "eve@example.com", "username": "eve" });
    let eve = alice
        .post("/users", &invited)
        .await
        .expect_status(201)
        .text_at("/data/id");
    let first = app.mailed_token("eve@example.com").await;
    alice
        .post(&format!("/users/{eve}/invitation"), &json!({}))
        .await
        .expect_status(202);
    expect_link_invalid(reset(&anonymous, "acme", &first, NEW).await);
    let second = app.mailed_token("eve@example.com").await;
    assert!(second.starts_with("iv1."));
    let disabled = json!({ "is_active": false });
    alice
        .patch(&format!("/users/{eve}"), "*", &disabled)
        .await
        .expect_status(200);
    alice
        .post(&format!("/users/{eve}/invitation"), &json!({}))
        .await
        .expect_status(409);
}

#[tokio::test]
async fn the_first_admin_of_a_tenant_is_invited_where_no_password_is_given() {
    let (app, anonymous, ..) = TestApp::with_two_tenants().await;
    let root = app.platform_admin().await;
    let order = json!({
        "slug": "initech", "name": "Initech",
        "admin": { "email": "peter@initech.example", "username": "peter" },
    });
    let request = root
        .request(Method::POST, "/api/v1/tenants")
        .header("Idempotency-Key", "initech");
    root.send(request.json(&order)).await.expect_status(201);
    let mails: Vec<Mail> = app.mails("peter@initech.example").await;
    assert_eq!(mails[0].header("Subject"), "You are invited to Initech");
    reset(&anonymous, "initech", &mails[0].token(), NEW)
        .await
        .expect_status(204);
    let session = log_in(&anonymous, "initech", "peter", NEW)
        .await
        .expect_status(200);
    assert_eq!(session.at("/data/user/roles"), json!(["admin"]));
}
