//! Guessing at passwords: who fails too often waits, longer each time, and is not locked out for good (rule 13).

use futures_util::future::join_all;
use serde_json::{Value, json};
use test_app::{Answer, Caller, PASSWORD, PLATFORM_ADMIN, TestApp, TestDatabase, config};

use crate::endings::node;
use crate::rates::{behind_a_proxy, log_in_from};
use crate::system_users::{USERS, order};

/// Failures that are put up with by default.
const FREE: usize = 10;

/// As [`TestApp::with_two_tenants`], with failures counted for accounts alone: the tests all come from one address.
async fn counting_accounts() -> (TestApp, Caller, Caller, Caller) {
    let database = TestDatabase::create().await;
    let mut config = config(database.url());
    config.limits.login_failures_per_address = 0;
    config.identity.password_queue = 200;
    TestApp::on(database, config, |_| {}).await
}

async fn guess(caller: &Caller, slug: &str, username: &str, password: &str) -> Answer {
    let path = format!("/api/v1/tenants/{slug}/auth/login");
    let body = json!({ "username": username, "password": password });
    caller.post(&path, &body).await
}

/// As many wrong guesses as make the account wait, longer than the test takes.
async fn fail_until_refused(app: &TestApp, caller: &Caller, username: &str) {
    for _ in 1..FREE {
        guess(caller, "acme", username, "a guess")
            .await
            .expect_status(401);
    }
    app.sql("UPDATE shared.login_failures SET failures = 100 WHERE failures = 9")
        .await;
    guess(caller, "acme", username, "a guess")
        .await
        .expect_status(401);
}

async fn expect_waiting(caller: &Caller, username: &str, password: &str) -> Value {
    let refused = guess(caller, "acme", username, password)
        .await
        .expect_status(429);
    let seconds: u64 = refused.header("Retry-After").unwrap().parse().unwrap();
    assert!((800..=900).contains(&seconds), "{seconds}");
    let mut body = refused.json();
    body["request_id"].take();
    body
}

async fn let_the_time_pass(app: &TestApp) {
    app.sql("UPDATE shared.login_failures SET refused_until = now()")
        .await;
}

/// Rule 13.
#[tokio::test]
async fn after_ten_failures_an_account_waits_and_then_its_owner_is_let_in() {
    let (app, anonymous, ..) = counting_accounts().await;
    fail_until_refused(&app, &anonymous, "alice").await;
    expect_waiting(&anonymous, "alice", "a guess").await;
    expect_waiting(&anonymous, " ALICE", PASSWORD).await;
    // Guesses that are not answered count for nothing; the next one that is makes the wait longer.
    let_the_time_pass(&app).await;
    guess(&anonymous, "acme", "alice", PASSWORD)
        .await
        .expect_status(200);
    for _ in 1..FREE {
        guess(&anonymous, "acme", "alice", "a guess")
            .await
            .expect_status(401);
    }
    guess(&anonymous, "acme", "alice", PASSWORD)
        .await
        .expect_status(200);
}

/// Rule 13.
#[tokio::test]
async fn the_wait_grows_with_each_failure() {
    let (app, anonymous, ..) = counting_accounts().await;
    for _ in 0..FREE {
        guess(&anonymous, "acme", "alice", "a guess")
            .await
            .expect_status(401);
    }
    let client = app.database().client().await;
    for expected in [1_i32, 2, 4, 8] {
        let sql = "SELECT extract(epoch FROM refused_until - last_failed_at)::int FROM shared.login_failures
                    WHERE refused_until IS NOT NULL";
        let row = client.query_one(sql, &[]).await.unwrap();
        assert_eq!(row.get::<_, i32>(0), expected);
        let_the_time_pass(&app).await;
        guess(&anonymous, "acme", "alice", "a guess")
            .await
            .expect_status(401);
    }
}

/// Rules 1 and 13.
#[tokio::test]
async fn waiting_does_not_tell_whether_there_is_such_an_account() {
    let (app, anonymous, alice, _) = counting_accounts().await;
    alice.create_user("idle", &[]).await;
    let sql = "UPDATE users SET is_active = false WHERE username = 'idle'";
    app.sql_in(&app.acme, sql).await;
    let names = ["alice", "alice@acme.example", "idle", "nobody"];
    let mut bodies = Vec::new();
    for name in names {
        fail_until_refused(&app, &anonymous, name).await;
        bodies.push(expect_waiting(&anonymous, name, PASSWORD).await);
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:#?}");
}

/// Rules 13 and 59.
#[tokio::test]
async fn failures_at_one_tenant_keep_nobody_waiting_at_another() {
    let (app, anonymous, alice, mallory) = counting_accounts().await;
    for caller in [&alice, &mallory] {
        caller.create_user("eve", &[]).await;
    }
    fail_until_refused(&app, &anonymous, "eve").await;
    expect_waiting(&anonymous, "eve", PASSWORD).await;
    guess(&anonymous, "globex", "eve", PASSWORD)
        .await
        .expect_status(200);
    guess(&anonymous, "acme", "alice", PASSWORD)
        .await
        .expect_status(200);
}

/// Rule 13.
#[tokio::test]
async fn failures_outlive_the_process_and_count_on_every_node() {
    let (app, anonymous, ..) = counting_accounts().await;
    let (address, _platform) = node(&app).await;
    let elsewhere = Caller::anonymous(&address);
    for caller in [&anonymous, &elsewhere].repeat(2) {
        guess(caller, "acme", "alice", "a guess")
            .await
            .expect_status(401);
    }
    app.sql("UPDATE shared.login_failures SET failures = 100 WHERE failures = 4")
        .await;
    guess(&elsewhere, "acme", "alice", "a guess")
        .await
        .expect_status(401);
    expect_waiting(&anonymous, "alice", PASSWORD).await;
    // One that starts after them.
    let (address, _platform) = node(&app).await;
    expect_waiting(&Caller::anonymous(&address), "alice", PASSWORD).await;
}

/// Rule 13: guesses at once are worth no more than guesses one after the other.
#[tokio::test]
async fn of_a_hundred_wrong_guesses_at_once_one_is_answered_where_one_is_left() {
    let (app, anonymous, ..) = counting_accounts().await;
    guess(&anonymous, "acme", "alice", "a guess")
        .await
        .expect_status(401);
    app.sql("UPDATE shared.login_failures SET failures = 100")
        .await;
    let all = join_all((0..100).map(|_| guess(&anonymous, "acme", "alice", "a guess"))).await;
    let count = |status: u16| all.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(401), count(429)), (1, 99));
    expect_waiting(&anonymous, "alice", PASSWORD).await;
}

/// Rule 13.
#[tokio::test]
async fn an_address_from_which_many_names_are_tried_waits_and_others_do_not() {
    let (app, anonymous, _) =
        behind_a_proxy(|config| config.limits.login_failures_per_address = 5).await;
    let spray = async |name: &str| log_in_from(&anonymous, "2001:db8::1", name, "a guess").await;
    for number in 1..5 {
        spray(&format!("user{number}")).await.expect_status(401);
    }
    app.sql("UPDATE shared.login_failures SET failures = 100 WHERE failures = 4")
        .await;
    spray("user5").await.expect_status(401);
    spray("user6").await.expect_status(429);
    let same_network = log_in_from(&anonymous, "2001:db8::2", "alice", PASSWORD).await;
    assert_eq!(same_network.expect_status(429).code(), "rate_limited");
    log_in_from(&anonymous, "2001:db8:0:1::1", "alice", PASSWORD)
        .await
        .expect_status(200);
}

/// Rule 13: the way out that an admin has.
#[tokio::test]
async fn an_admin_lets_in_who_is_kept_waiting() {
    let (app, anonymous, alice, mallory) = counting_accounts().await;
    fail_until_refused(&app, &anonymous, "alice").await;
    expect_waiting(&anonymous, "alice", PASSWORD).await;
    let bob = alice.create_user("bob", &["viewer"]).await;
    for name in ["bob", "bob@example.com"] {
        fail_until_refused(&app, &anonymous, name).await;
    }
    expect_waiting(&anonymous, "bob", PASSWORD).await;
    let path = format!("/users/{}/unlock", bob.text_at("/data/id"));
    mallory.post(&path, &json!({})).await.expect_status(404);
    expect_waiting(&anonymous, "bob", PASSWORD).await;
    alice.post(&path, &json!({})).await.expect_status(204);
    for name in ["bob", "bob@example.com"] {
        guess(&anonymous, "acme", name, PASSWORD)
            .await
            .expect_status(200);
    }
    expect_waiting(&anonymous, "alice", PASSWORD).await;
}

/// Rules 7 and 13: a stolen access token guesses no better than a login.
#[tokio::test]
async fn wrong_current_passwords_count_like_failed_logins() {
    let (app, anonymous, alice, _) = counting_accounts().await;
    let change = async |current: &str| {
        let body = json!({ "current_password": current, "new_password": "another long password" });
        alice.post("/auth/change-password", &body).await
    };
    for _ in 1..FREE {
        change("a guess").await.expect_status(401);
    }
    app.sql("UPDATE shared.login_failures SET failures = 100 WHERE failures = 9")
        .await;
    change("a guess").await.expect_status(401);
    change(PASSWORD).await.expect_status(429);
    expect_waiting(&anonymous, "alice", PASSWORD).await;
    let_the_time_pass(&app).await;
    change(PASSWORD).await.expect_status(204);
}

/// Rule 13, for system users.
#[tokio::test]
async fn a_system_user_waits_like_everybody_else() {
    let (app, anonymous, ..) = counting_accounts().await;
    app.platform_admin().await;
    let attempt = async |password: &str| {
        let body = json!({ "email": PLATFORM_ADMIN, "password": password });
        anonymous.post("/api/v1/platform/auth/login", &body).await
    };
    for _ in 1..FREE {
        attempt("a guess").await.expect_status(401);
    }
    app.sql("UPDATE shared.login_failures SET failures = 100 WHERE failures = 9")
        .await;
    attempt("a guess").await.expect_status(401);
    attempt(PASSWORD).await.expect_status(429);
    let_the_time_pass(&app).await;
    attempt(PASSWORD).await.expect_status(200);
}

/// Rule 13, for system users: the way out that another one has.
#[tokio::test]
async fn a_super_admin_lets_in_a_system_user_who_is_kept_waiting() {
    let (app, anonymous, ..) = counting_accounts().await;
    let root = app.platform_admin().await;
    let attempt = async |email: &str, password: &str| {
        let body = json!({ "email": email, "password": password });
        anonymous.post("/api/v1/platform/auth/login", &body).await
    };
    let mut paths = Vec::new();
    for (name, role) in [("ops", "operator"), ("help", "support")] {
        let email = format!("{name}@platform.example");
        let made = root.post(USERS, &order(&email, role)).await;
        paths.push(format!("{USERS}/{}/unlock", made.text_at("/data/id")));
        for _ in 0..FREE {
            attempt(&email, "a guess").await.expect_status(401);
        }
    }
    app.sql("UPDATE shared.login_failures SET refused_until = now() + interval '10 minutes'")
        .await;
    let (ops, help) = ("ops@platform.example", "help@platform.example");
    attempt(ops, PASSWORD).await.expect_status(429);
    root.post(&paths[0], &json!({})).await.expect_status(204);
    attempt(ops, PASSWORD).await.expect_status(200);
    attempt(help, PASSWORD).await.expect_status(429);
    // Whom the operator may see, they may not let in.
    let ops = anonymous.log_in_to_platform(ops, PASSWORD).await;
    let refused = ops.post(&paths[1], &json!({})).await.expect_status(403);
    assert_eq!(refused.code(), "permission_denied");
    attempt(help, PASSWORD).await.expect_status(429);
}
