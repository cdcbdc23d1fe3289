//! The proxy itself: it passes on, misbehaves as it is told, and counts.

use std::time::{Duration, Instant};

use test_app::{Chaos, ChaosProxy, TestDatabase};
use tokio::time::timeout;
use tokio_postgres::{Client, NoTls};

/// How long nothing may come before it is believed that nothing will.
const SILENCE: Duration = Duration::from_millis(200);

async fn connect(proxy: &ChaosProxy) -> Client {
    let (client, driver) = tokio_postgres::connect(proxy.url(), NoTls).await.unwrap();
    tokio::spawn(driver);
    client
}

async fn proxied() -> (TestDatabase, ChaosProxy, Client) {
    let database = TestDatabase::empty().await;
    let proxy = ChaosProxy::start(database.url()).await;
    let client = connect(&proxy).await;
    (database, proxy, client)
}

#[tokio::test]
async fn round_trips_are_counted_by_their_ends() {
    let (_database, proxy, client) = proxied().await;
    let trips = async |work: &str| {
        let before = proxy.ready_for_queries();
        client.batch_execute(work).await.unwrap();
        proxy.ready_for_queries() - before
    };
    assert_eq!(trips("SELECT 1").await, 1);
    assert_eq!(trips("SELECT 1; SELECT 2; SELECT 3").await, 1);
    let long = format!("SELECT repeat('Z', 100000), '{}'", "Z".repeat(40_000));
    assert_eq!(trips(&long).await, 1);

    let before = proxy.ready_for_queries();
    let statement = client.prepare("SELECT $1::text").await.unwrap();
    assert_eq!(proxy.ready_for_queries() - before, 1);
    let (before, flushes) = (proxy.ready_for_queries(), proxy.flushes());
    client.query(&statement, &[&"Z"]).await.unwrap();
    assert_eq!(proxy.ready_for_queries() - before, 1);
    assert_eq!(proxy.flushes() - flushes, 1);
    assert_eq!(proxy.connections(), 1);
}

#[tokio::test]
async fn connections_are_cut_and_new_ones_let_in_as_told() {
    let (_database, proxy, mut client) = proxied().await;
    for chaos in [Chaos::Drop, Chaos::Reset] {
        proxy.set(chaos);
        let cut = client.batch_execute("SELECT pg_sleep(20)").await;
        assert!(cut.unwrap_err().code().is_none(), "{chaos:?}");
        assert!(
            tokio_postgres::connect(proxy.url(), NoTls).await.is_err(),
            "{chaos:?}"
        );
        proxy.set(Chaos::None);
        client = connect(&proxy).await;
        client.batch_execute("SELECT 1").await.unwrap();
    }
}

#[tokio::test]
async fn a_half_open_connection_swallows_and_never_heals() {
    let (_database, proxy, client) = proxied().await;
    for chaos in [Chaos::HalfOpen, Chaos::Deaf] {
        let client = connect(&proxy).await;
        proxy.set(chaos);
        let silent = timeout(SILENCE, client.batch_execute("SELECT 1")).await;
        silent.unwrap_err();
        proxy.set(Chaos::None);
        let silent = timeout(SILENCE, client.batch_execute("SELECT 1")).await;
        silent.unwrap_err();
    }
    client.batch_execute("SELECT 1").await.unwrap();
}

#[tokio::test]
async fn a_delay_and_a_throttle_make_it_slow() {
    let (_database, proxy, client) = proxied().await;
    let time = async |work: &str| {
        let begun = Instant::now();
        client.batch_execute(work).await.unwrap();
        begun.elapsed()
    };
    proxy.set(Chaos::Delay(Duration::from_millis(60)));
    assert!(time("SELECT 1").await >= Duration::from_millis(120));
    proxy.set(Chaos::Throttle {
        bytes_per_second: 100_000,
    });
    assert!(time("SELECT repeat('a', 20000)").await >= Duration::from_millis(200));
}
