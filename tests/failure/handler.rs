//! Handlers that are given up, panic, take too long or leave a transaction open: the connection is closed, the place is free,
//! and the next tenant sees nothing of it (rule 53).

use std::io::Write;
use std::net::TcpStream;

use test_app::Caller;

use crate::twins::{Twins, assert_problem};

/// Sends a request and hangs up when the server is at it.
async fn hang_up(twins: &Twins, caller: &Caller, path: &str, statement: &str) {
    let address = twins.app.address().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\r\n",
        caller.path(path),
        caller.token()
    )
    .unwrap();
    twins.wait_for_statement(statement).await;
}

#[tokio::test]
async fn a_client_that_hangs_up_frees_its_place_and_ends_its_statement() {
    for deed in ["sleep", "sleep-in-transaction"] {
        let twins = Twins::open(|_| {}).await;
        let backend = twins.backend().await;
        hang_up(&twins, &twins.alice, &format!("/deeds/{deed}"), "pg_sleep").await;
        twins.assert_served_without(backend).await;
        twins.wait_for_end(backend).await;
    }
}

#[tokio::test]
async fn a_panicking_handler_is_a_failure_of_ours_and_closes_its_connection() {
    let twins = Twins::open(|_| {}).await;
    let backend = twins.backend().await;
    let answer = twins.alice.get("/deeds/panic-in-transaction").await;
    assert_problem(&answer, 500, "internal");
    assert!(!answer.text.contains("a handler's panic"));
    twins.assert_served_without(backend).await;
    twins.wait_for_end(backend).await;
}

#[tokio::test]
async fn a_handler_beyond_its_time_is_given_up() {
    for deed in ["sleep", "sleep-in-transaction", "hang-in-transaction"] {
        let twins = Twins::open(|config| config.http.request_timeout = 1).await;
        let backend = twins.backend().await;
        let answer = twins.alice.get(&format!("/deeds/{deed}")).await;
        assert_problem(&answer, 503, "unavailable");
        twins.assert_served_without(backend).await;
        twins.wait_for_end(backend).await;
    }
}

#[tokio::test]
async fn a_handler_that_leaves_a_transaction_open_loses_its_connection() {
    let twins = Twins::open(|_| {}).await;
    let backend = twins.backend().await;
    let answer = twins.alice.get("/deeds/leave-transaction").await;
    answer.expect_status(200);
    twins.assert_served_without(backend).await;
    twins.wait_for_end(backend).await;
}
