//! How long a session that one process has ended is served by another on the same database (rules 19 and 44; T7).
//!
//! Measured on demand, for it takes minutes: `cargo test --test cli -- --ignored --nocapture refused_by_another_process`.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use test_app::{Caller, PASSWORD};
use tokio_postgres::Client;

use super::rowhouse::Rowhouse;
use super::shell::{Outcome, Shell};

const TRIES: usize = 200;

/// What the contract allows.
const LIMIT: Duration = Duration::from_secs(1);

/// How long anything may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// Two processes on one database, with a tenant whose admin may log in as often as they like.
struct Site {
    shell: Shell,
    first: Rowhouse,
    second: Rowhouse,
    client: Client,
    /// Backends that listen for the first process.
    of_first: BTreeSet<i32>,
}

impl Site {
    async fn open() -> Self {
        let shell = Shell::open().await;
        let arguments = ["tenant", "create", "--slug", "acme", "--password-stdin"];
        let created = Outcome::of(shell.provision(&arguments).write_stdin(PASSWORD));
        assert_eq!(created.code, Some(0), "{created:#?}");
        let client = shell.database().client().await;
        let arguments = ["--rate-per-account", "0", "--rate-per-address", "0"];
        let first = Rowhouse::serve_with(&shell, &arguments);
        let of_first = wait_for_listeners(&client, &BTreeSet::new()).await;
        let second = Rowhouse::serve_with(&shell, &arguments);
        Self {
            shell,
            first,
            second,
            client,
            of_first,
        }
    }

    /// How long the second process goes on serving a session that the first has ended.
    async fn delay(&self, is_deaf: bool) -> Duration {
        let of_second = wait_for_listeners(&self.client, &self.of_first).await;
        let here = self
            .first
            .anonymous()
            .log_in("acme", "admin", PASSWORD)
            .await;
        let there = self.second.anonymous().at("acme").with_token(here.token());
        there.get("/auth/me").await.expect_status(200);
        let deaf = if is_deaf {
            &of_second
        } else {
            &BTreeSet::new()
        };
        signal(deaf, Signal::STOP);
        here.post("/auth/logout", &json!({}))
            .await
            .expect_status(204);
        let delay = until_refused(&there).await;
        signal(deaf, Signal::CONT);
        delay
    }
}

async fn until_refused(caller: &Caller) -> Duration {
    let begun = Instant::now();
    while caller.get("/auth/me").await.status != 401 {
        assert!(begun.elapsed() < PATIENCE, "the session is served on");
    }
    begun.elapsed()
}

/// The backends that listen beside the `known` ones, once there is one.
async fn wait_for_listeners(client: &Client, known: &BTreeSet<i32>) -> BTreeSet<i32> {
    let sql = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()
               AND pid <> pg_backend_pid() AND query LIKE '%rowhouse%'";
    let begun = Instant::now();
    loop {
        let rows = client.query(sql, &[]).await.unwrap();
        let pids: BTreeSet<i32> = rows.iter().map(|row| row.get(0)).collect();
        let new: BTreeSet<i32> = pids.difference(known).copied().collect();
        if !new.is_empty() {
            return new;
        }
        assert!(begun.elapsed() < PATIENCE, "nobody listens");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Stops backends, as a network that swallows everything would seem to, or lets them go on. One may have ended meanwhile.
fn signal(backends: &BTreeSet<i32>, signal: Signal) {
    for pid in backends.iter().filter_map(|pid| Pid::from_raw(*pid)) {
        let _ = kill_process(pid, signal);
    }
}

#[tokio::test]
#[ignore = "it measures, and takes minutes"]
#[expect(clippy::print_stdout, reason = "the figures are what it is run for")]
async fn a_session_that_one_process_ends_is_refused_by_another_process_within_a_second() {
    let site = Site::open().await;
    for is_deaf in [false, true] {
        let mut delays = Vec::new();
        for _ in 0..TRIES {
            delays.push(site.delay(is_deaf).await);
        }
        delays.sort_unstable();
        let (half, last) = (delays[TRIES / 2], delays[TRIES * 99 / 100]);
        let name = if is_deaf {
            "NOTIFY cut"
        } else {
            "NOTIFY heard"
        };
        println!(
            "{name}: {TRIES} tries, p50 {half:?}, p99 {last:?}, longest {:?}",
            delays[TRIES - 1]
        );
        assert!(last <= LIMIT, "{name}: {last:?}");
    }
    drop(site.shell);
}
