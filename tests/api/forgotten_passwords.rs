//! Asking for a link to set a new password: what that tells, what it costs, and what is kept of it.

use serde_json::json;
use test_app::{Answer, ChaosProxy, TestApp, TestDatabase, config};

use crate::password_reset::{ALICE, NEW, forget, reset};

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
        .mailed_links
        .key()
        .token(rowhouse::pepper::mailed_token::LinkKind::Reset, &seed);
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
