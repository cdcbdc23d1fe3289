//! What a request costs the database, counted at the wire.

use serde_json::json;
use test_app::{Caller, ChaosProxy, TestApp, TestDatabase, config};

/// How often a request is made. The platform listens for changes on the same database, four times a second: the cheapest
/// of the requests is one that met none of its calls.
const TRIES: usize = 50;

/// A platform behind a proxy that counts.
async fn counted() -> (TestApp, ChaosProxy, Caller, Caller) {
    let database = TestDatabase::create().await;
    let proxy = ChaosProxy::start(database.url()).await;
    let (app, _, alice, mallory) = TestApp::on(database, config(proxy.url()), |_| {}).await;
    (app, proxy, alice, mallory)
}

/// The fewest answers that the database gave while one request was served.
async fn cost(proxy: &ChaosProxy, caller: &Caller, path: &str, status: u16) -> u64 {
    caller.get(path).await.expect_status(status);
    let mut costs = Vec::new();
    for _ in 0..TRIES {
        let before = proxy.ready_for_queries();
        caller.get(path).await.expect_status(status);
        costs.push(proxy.ready_for_queries() - before);
    }
    costs.into_iter().min().unwrap_or_default()
}

async fn id_of(caller: &Caller) -> String {
    let me = caller.get("/users/me").await.expect_status(200);
    me.text_at("/data/id")
}

#[tokio::test]
async fn an_authorized_read_of_a_user_costs_one_round_trip() {
    let (_app, proxy, alice, mallory) = counted().await;
    for caller in [&alice, &mallory] {
        let path = format!("/users/{}", id_of(caller).await);
        assert_eq!(cost(&proxy, caller, &path, 200).await, 1);
    }
}

#[tokio::test]
async fn who_is_known_is_shown_to_themselves_without_a_round_trip() {
    let (_app, proxy, alice, _) = counted().await;
    assert_eq!(cost(&proxy, &alice, "/users/me", 200).await, 0);
}

#[tokio::test]
async fn whether_a_feature_is_on_is_told_without_a_round_trip() {
    let (_app, proxy, alice, _) = counted().await;
    let path = "/settings/features/beta";
    let beta = json!({ "enabled": true });
    alice.put(path, "*", &beta).await.expect_status(200);
    assert_eq!(cost(&proxy, &alice, path, 200).await, 0);
    assert_eq!(cost(&proxy, &alice, "/settings/features", 200).await, 0);
}

#[tokio::test]
async fn who_is_refused_costs_no_round_trip() {
    let (_app, proxy, alice, mallory) = counted().await;
    let nemo = alice.colleague("nemo", &[]).await;
    assert_eq!(cost(&proxy, &nemo, "/users", 403).await, 0);
    let elsewhere = mallory.at("acme");
    assert_eq!(cost(&proxy, &elsewhere, "/users", 401).await, 0);
}
