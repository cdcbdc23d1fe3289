//! Connections that end in the middle of a statement: a clean 503, nothing leaks, and the next request has a new one.

use std::time::{Duration, Instant};

use serde_json::json;
use test_app::{Chaos, PASSWORD};

use crate::twins::{Twins, assert_problem};

/// Longer than any request here may take: its time is up after one second.
const BOUND: Duration = Duration::from_secs(15);

#[tokio::test]
async fn a_connection_cut_in_the_middle_of_a_statement_is_unavailable_and_the_next_request_is_served()
 {
    for deed in ["/deeds/sleep", "/deeds/sleep-in-transaction"] {
        for chaos in [Chaos::Drop, Chaos::Reset] {
            let twins = Twins::open(|_| {}).await;
            let backend = twins.backend().await;
            let cut = async {
                twins.wait_for_statement("pg_sleep").await;
                twins.proxy.set(chaos);
            };
            let (answer, ()) = tokio::join!(twins.alice.get(deed), cut);
            assert_problem(&answer, 503, "unavailable");
            let meanwhile = twins.mallory.get("/session").await;
            assert_problem(&meanwhile, 503, "unavailable");
            twins.proxy.set(Chaos::None);
            twins.assert_served_without(backend).await;
        }
    }
}

/// Rule 35: nobody is let in on faith, and nobody loses a session.
#[tokio::test]
async fn without_a_database_no_session_is_believed_for_longer_than_a_second() {
    let twins = Twins::open(|_| {}).await;
    let anonymous = twins.app.anonymous();
    let ended = anonymous.log_in("acme", "alice", PASSWORD).await;
    // Who they are is known from memory: nothing but that is asked for.
    ended.get("/auth/me").await.expect_status(200);
    ended
        .post("/auth/logout", &json!({}))
        .await
        .expect_status(204);
    twins.alice.get("/auth/me").await.expect_status(200);
    twins.proxy.set(Chaos::Drop);
    let begun = Instant::now();
    while twins.alice.get("/auth/me").await.status == 200 {
        assert!(begun.elapsed() < BOUND, "a session is believed still");
        assert_ne!(ended.get("/auth/me").await.status, 200);
    }
    for caller in [&twins.alice, &twins.mallory, &ended].repeat(5) {
        let answer = caller.get("/auth/me").await;
        assert_problem(&answer, 503, "unavailable");
    }
    twins.proxy.set(Chaos::None);
    let begun = Instant::now();
    while twins.alice.get("/auth/me").await.status != 200 {
        assert!(begun.elapsed() < BOUND, "nobody is known again");
    }
    let refused = ended.get("/auth/me").await;
    assert_problem(&refused, 401, "session_ended");
}

#[tokio::test]
async fn a_statement_that_an_administrator_cancels_is_one_that_took_too_long() {
    for deed in ["/deeds/sleep", "/deeds/sleep-in-transaction"] {
        let twins = Twins::open(|_| {}).await;
        let cancel = async {
            let backend = twins.wait_for_statement("pg_sleep").await;
            twins.cancel(backend).await;
        };
        let (answer, ()) = tokio::join!(twins.alice.get(deed), cancel);
        assert_problem(&answer, 503, "statement_timeout");
    }
}

#[tokio::test]
async fn a_session_that_an_administrator_ends_is_unavailable_and_the_next_request_is_served() {
    for deed in ["/deeds/sleep", "/deeds/sleep-in-transaction"] {
        let twins = Twins::open(|_| {}).await;
        let backend = twins.backend().await;
        let end = async {
            let backend = twins.wait_for_statement("pg_sleep").await;
            twins.terminate(backend).await;
        };
        let (answer, ()) = tokio::join!(twins.alice.get(deed), end);
        assert_problem(&answer, 503, "unavailable");
        twins.assert_served_without(backend).await;
    }
}

#[tokio::test]
async fn a_server_that_is_gone_without_a_word_is_waited_for_no_longer_than_a_request_may_take() {
    for chaos in [Chaos::HalfOpen, Chaos::Deaf] {
        let twins = Twins::open(|config| config.http.request_timeout = 1).await;
        let backend = twins.backend().await;
        twins.proxy.set(chaos);
        // The first on the connection that was left, the second on a new one, which nobody answers either.
        for caller in [&twins.alice, &twins.mallory] {
            let begun = Instant::now();
            let answer = caller.get("/session").await;
            assert_problem(&answer, 503, "unavailable");
            assert!(begun.elapsed() < BOUND);
        }
        twins.proxy.set(Chaos::None);
        twins.assert_served_without(backend).await;
    }
}

#[tokio::test]
async fn a_slow_line_makes_requests_slow_and_fails_none() {
    let twins = Twins::open(|_| {}).await;
    for chaos in [
        Chaos::Delay(Duration::from_millis(20)),
        Chaos::Throttle {
            bytes_per_second: 20_000,
        },
    ] {
        twins.proxy.set(chaos);
        twins.alice.get("/users").await.expect_status(200);
        twins.mallory.get("/users").await.expect_status(200);
    }
}
