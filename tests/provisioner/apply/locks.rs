//! Locks that others hold: waited for, and named when they are not given back in time.

use std::time::Duration;

use rowhouse::provisioner::ProvisionError;
use rowhouse::provisioner::apply::options::ApplyOptions;
use rowhouse::provisioner::plan::step::Step;
use test_app::TestPlatform;
use tokio_postgres::{Client, NoTls};

use super::{Site, alone, atomic, heard, is_contended, step};

/// Another session, and the number of its process.
async fn other(site: &TestPlatform) -> (Client, i32) {
    let (client, driver) = tokio_postgres::connect(site.url(), NoTls).await.unwrap();
    tokio::task::spawn(driver);
    let row = client
        .query_one("SELECT pg_backend_pid()", &[])
        .await
        .unwrap();
    let pid = row.get(0);
    (client, pid)
}

fn impatient(limit: u64) -> ApplyOptions {
    ApplyOptions {
        busy_patience: Duration::from_millis(limit),
        lock_patience: Duration::from_millis(limit),
        ..ApplyOptions::default()
    }
}

#[tokio::test]
async fn a_schema_that_somebody_else_changes_is_busy() {
    let site = Site::with_bikes().await;
    let (other, _) = other(&site.platform).await;
    let lock = "SELECT pg_advisory_lock(hashtextextended('depot', 0))";
    other.batch_execute(lock).await.unwrap();
    let plan = site
        .plan(vec![atomic(&["ALTER TABLE bikes ADD colour text"])])
        .await;
    let error = site.apply(&plan, &impatient(100)).await.unwrap_err();
    assert!(
        matches!(&error, ProvisionError::Busy(schema) if schema == "depot"),
        "{error}"
    );
    assert_eq!(site.columns().await, ["id", "gears"]);

    other
        .batch_execute("SELECT pg_advisory_unlock_all()")
        .await
        .unwrap();
    site.apply(&plan, &impatient(100)).await.unwrap();
    // It is free again at once, and was not lent to the next one by the server's leisure.
    let free = "SELECT pg_try_advisory_lock(hashtextextended('depot', 0))::text";
    assert_eq!(site.platform.texts(free).await, ["true"]);
}

#[tokio::test]
async fn a_lock_that_is_given_back_is_taken_at_the_next_attempt() {
    let site = Site::with_bikes().await;
    let (other, _) = other(&site.platform).await;
    let reading = "BEGIN; SELECT FROM depot.bikes";
    other.batch_execute(reading).await.unwrap();
    let plan = site
        .plan(vec![atomic(&[
            "CREATE TABLE tools (name text)",
            "ALTER TABLE bikes ADD colour text",
        ])])
        .await;
    let (applying, mut events) = site.begin(&plan);
    heard(&mut events, is_contended).await;
    // The whole transaction is rolled back while it waits: nobody else waits behind it.
    assert_eq!(site.columns().await, ["id", "gears"]);
    heard(&mut events, is_contended).await;
    other.batch_execute("COMMIT").await.unwrap();
    let applied = applying.await.unwrap().unwrap();
    assert!(applied.retries >= 2, "{applied:?}");
    assert!(
        applied.longest_lock_wait >= Duration::from_millis(100),
        "{applied:?}"
    );
    assert_eq!(site.columns().await, ["id", "gears", "colour", "name"]);
    let attempts = "SELECT DISTINCT (attempts > 2 AND error IS NULL)::text FROM shared.run_steps";
    assert_eq!(site.platform.texts(attempts).await, ["true"]);
}

#[tokio::test]
async fn a_lock_that_is_not_given_back_in_time_is_reported_with_its_holder() {
    let site = Site::with_bikes().await;
    let (other, pid) = other(&site.platform).await;
    let writing = "SET application_name = 'night shift'; BEGIN; INSERT INTO depot.bikes VALUES (1)";
    other.batch_execute(writing).await.unwrap();
    let plan = site
        .plan(vec![atomic(&["ALTER TABLE bikes ADD colour text"])])
        .await;
    let error = site.apply(&plan, &impatient(200)).await.unwrap_err();
    let ProvisionError::Locked(contention) = &error else {
        panic!("{error}");
    };
    assert!(
        contention.waited >= Duration::from_millis(200),
        "{contention:?}"
    );
    let holder = contention
        .holders
        .iter()
        .find(|holder| holder.pid == pid)
        .unwrap();
    assert_eq!(holder.table.as_deref(), Some("bikes"));
    let text = error.to_string();
    let expected = format!("process {pid} (idle in transaction, `night shift`, for ");
    assert!(
        text.contains(&expected) && text.contains("holds `bikes`"),
        "{text}"
    );
    assert!(!text.contains("INSERT"), "{text}");
    assert_eq!(site.columns().await, ["id", "gears"]);
}

#[tokio::test]
async fn an_index_that_was_not_finished_is_cleared_away_before_the_next_attempt() {
    let site = Site::with_bikes().await;
    let (other, _) = other(&site.platform).await;
    // A writer does not keep the index from being begun, only from being finished.
    let writing = "BEGIN; INSERT INTO depot.bikes VALUES (1, 1)";
    other.batch_execute(writing).await.unwrap();
    let concurrently = Step {
        left_over: Some("DROP INDEX CONCURRENTLY IF EXISTS bikes_gears_idx".to_owned()),
        ..step("CREATE INDEX CONCURRENTLY bikes_gears_idx ON bikes (gears)")
    };
    let plan = site.plan(vec![alone(concurrently)]).await;
    let (applying, mut events) = site.begin(&plan);
    heard(&mut events, is_contended).await;
    let validity = "SELECT indisvalid::text FROM pg_index WHERE indexrelid = 'depot.bikes_gears_idx'::regclass";
    assert_eq!(site.platform.texts(validity).await, ["false"]);
    other.batch_execute("COMMIT").await.unwrap();
    let applied = applying.await.unwrap().unwrap();
    assert!(applied.retries >= 1, "{applied:?}");
    assert_eq!(site.platform.texts(validity).await, ["true"]);
}

#[tokio::test]
async fn an_index_that_the_rows_forbid_leaves_nothing() {
    let site = Site::with_bikes().await;
    site.platform
        .run("INSERT INTO depot.bikes VALUES (1, 7), (2, 7)")
        .await;
    let concurrently = Step {
        left_over: Some("DROP INDEX CONCURRENTLY IF EXISTS bikes_gears_idx".to_owned()),
        ..step("CREATE UNIQUE INDEX CONCURRENTLY bikes_gears_idx ON bikes (gears)")
    };
    let plan = site.plan(vec![alone(concurrently)]).await;
    let error = site.refusal(&plan).await;
    assert!(
        error.to_string().contains("(gears)=(7) is duplicated"),
        "{error}"
    );
    let indexes = "SELECT indexname::text FROM pg_indexes WHERE schemaname = 'depot'";
    assert_eq!(site.platform.texts(indexes).await, ["bikes_pkey"]);
}

#[tokio::test]
async fn two_that_apply_the_same_plan_at_once_do_it_once() {
    let site = Site::with_bikes().await;
    let plan = site
        .plan(vec![atomic(&["ALTER TABLE bikes ADD colour text"])])
        .await;
    let options = ApplyOptions::default();
    let (one, another) = tokio::join!(site.apply(&plan, &options), site.apply(&plan, &options));
    assert!(one.is_ok() != another.is_ok(), "{one:?} {another:?}");
    assert_eq!(site.columns().await, ["id", "gears", "colour"]);
}
