//! How long a login takes tells nothing (rule 2).

use std::time::Instant;

use test_app::{TestApp, TestDatabase, config};

use crate::auth::attempt;

/// Rule 2. On demand, since it measures: an unknown user, a wrong password and a disabled user take the same time.
#[tokio::test]
#[ignore = "measures for some minutes"]
#[expect(clippy::print_stderr, reason = "the figures are what is asked for")]
async fn a_login_takes_as_long_for_nobody_as_for_somebody() {
    const EACH: usize = 100;
    let database = TestDatabase::create().await;
    let mut config = config(database.url());
    config.identity.password_cost = 12;
    config.limits.login_failures = 0;
    config.limits.login_failures_per_address = 0;
    let (app, anonymous, alice, _) = TestApp::on(database, config, |_| {}).await;
    alice.create_user("idle", &[]).await;
    let sql = "UPDATE users SET is_active = false WHERE username = 'idle'";
    app.sql_in(&app.acme, sql).await;
    let names = ["alice", "nobody", "idle"];
    let mut times = names.map(|_| Vec::with_capacity(EACH));
    for _ in 0..EACH {
        for (name, times) in names.iter().zip(&mut times) {
            let begun = Instant::now();
            let answer = attempt(&anonymous, "acme", name, "not the password").await;
            times.push(begun.elapsed().as_secs_f64() * 1_000.0);
            answer.expect_status(401);
        }
    }
    let medians = times.map(|mut times| {
        times.sort_unstable_by(f64::total_cmp);
        times[EACH / 2]
    });
    eprintln!("medians in ms: {names:?} {medians:.1?}");
    for median in medians {
        let apart = (median / medians[0] - 1.0).abs();
        assert!(apart < 0.1, "{medians:?}");
    }
}
