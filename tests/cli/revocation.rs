//! How long what one process has taken away is served by another on the same database (rules 19 and 44; T7): a session, and
//! rights.
//!
//! Measured on demand, for it takes minutes: `cargo test --test cli -- --ignored --nocapture by_another_process`.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use test_app::{Answer, Caller, PASSWORD};
use tokio_postgres::Client;

use super::rowhouse::{Rowhouse, UNLIMITED};
use super::shell::{Outcome, Shell};

const TRIES: usize = 200;

/// What the contract allows.
const LIMIT: Duration = Duration::from_secs(1);

/// Before this, a change is in force that nobody was told of, though the machine is loaded. What is read is believed for ten
/// seconds where changes are heard: a process that believed what it read without hearing would be found.
const SOON: Duration = Duration::from_secs(7);

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
        let first = Rowhouse::serve_with(&shell, &UNLIMITED);
        let of_first = wait_for_listeners(&client, &BTreeSet::new()).await;
        let second = Rowhouse::serve_with(&shell, &UNLIMITED);
        Self {
            shell,
            first,
            second,
            client,
            of_first,
        }
    }

    /// A login of acme's admin at the first process.
    async fn admin(&self) -> Caller {
        let anonymous = self.first.anonymous();
        anonymous.log_in("acme", "admin", PASSWORD).await
    }

    /// The same caller at the second process, which serves them.
    async fn there(&self, caller: &Caller) -> Caller {
        let there = self.second.anonymous().at("acme");
        let there = there.with_token(caller.token());
        until(&there, 200).await;
        there
    }

    /// How long the second process goes on serving somebody whom the first has refused from `taking` on. Where `is_deaf`,
    /// nothing reaches the second one's listener any more.
    async fn delay(
        &self,
        there: &Caller,
        refused: u16,
        is_deaf: bool,
        taking: impl Future<Output = Answer>,
    ) -> Duration {
        let mut deaf = wait_for_listeners(&self.client, &self.of_first).await;
        if !is_deaf {
            deaf.clear();
        }
        // Known for sure, and heard of last.
        until(there, 200).await;
        let _deaf = Stopped::stop(deaf);
        let taken = taking.await;
        assert!(taken.status.is_success(), "{taken:#?}");
        until(there, refused).await
    }

    async fn of_session(&self, is_deaf: bool) -> Duration {
        let here = self.admin().await;
        let there = self.there(&here).await;
        let body = json!({});
        let taking = here.post("/auth/logout", &body);
        self.delay(&there, 401, is_deaf, taking).await
    }
}

/// A right that one process takes away from a user.
#[derive(Debug, Clone, Copy)]
enum Right {
    Role,
    Denied,
    Key,
}

/// All of them, in turn.
const RIGHTS: [Right; 3] = [Right::Role, Right::Denied, Right::Key];

/// A user of acme who has rights, and the admin who takes them.
struct Victor<'a> {
    site: &'a Site,
    admin: Caller,
    caller: Caller,
    path: String,
}

impl<'a> Victor<'a> {
    async fn of(site: &'a Site) -> Self {
        let admin = site.admin().await;
        let caller = admin.colleague("victor", &["viewer"]).await;
        let id = caller.get("/users/me").await.text_at("/data/id");
        Self {
            site,
            admin,
            caller,
            path: format!("/users/{id}"),
        }
    }

    /// Gives back what was taken.
    async fn restore(&self) {
        for (what, body) in [("roles", json!(["viewer"])), ("permissions", json!([]))] {
            let path = format!("{}/{what}", self.path);
            let given = self.admin.put(&path, "*", &body).await;
            given.expect_status(200);
        }
    }

    async fn delay(&self, right: Right, is_deaf: bool) -> Duration {
        self.restore().await;
        let (roles, permissions) = (
            format!("{}/roles", self.path),
            format!("{}/permissions", self.path),
        );
        let denial = json!([{ "permission": "users.read", "effect": "deny" }]);
        let (site, admin) = (self.site, &self.admin);
        match right {
            Right::Role => {
                let there = site.there(&self.caller).await;
                let body = json!([]);
                let taking = admin.put(&roles, "*", &body);
                site.delay(&there, 403, is_deaf, taking).await
            }
            Right::Denied => {
                let there = site.there(&self.caller).await;
                let taking = admin.put(&permissions, "*", &denial);
                site.delay(&there, 403, is_deaf, taking).await
            }
            Right::Key => {
                let order = json!({ "name": "robot", "scopes": ["users.read"] });
                let made = admin.post("/api-keys", &order).await.expect_status(201);
                let robot = admin.with_token(&made.text_at("/data/key"));
                let there = site.there(&robot).await;
                let path = format!("/api-keys/{}", made.text_at("/data/id"));
                let taking = admin.delete(&path, "*");
                site.delay(&there, 401, is_deaf, taking).await
            }
        }
    }
}

/// How long it takes until a caller gets this status when they list users.
async fn until(caller: &Caller, status: u16) -> Duration {
    let begun = Instant::now();
    while caller.get("/users").await.status != status {
        assert!(begun.elapsed() < PATIENCE, "it is never {status}");
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

/// Backends that do nothing, as on a network that swallows everything. They go on when this is dropped.
struct Stopped(BTreeSet<i32>);

impl Stopped {
    fn stop(backends: BTreeSet<i32>) -> Self {
        let stopped = Self(backends);
        stopped.signal(Signal::STOP);
        stopped
    }

    /// One may have ended meanwhile.
    fn signal(&self, signal: Signal) {
        for pid in self.0.iter().filter_map(|pid| Pid::from_raw(*pid)) {
            let _ = kill_process(pid, signal);
        }
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        self.signal(Signal::CONT);
    }
}

/// Says how delays are distributed, and holds them to the contract.
#[expect(clippy::print_stdout, reason = "the figures are what it is run for")]
fn judge(what: &str, is_deaf: bool, delays: &mut [Duration]) {
    delays.sort_unstable();
    let tries = delays.len();
    let (half, last, longest) = (
        delays[tries / 2],
        delays[tries * 99 / 100],
        delays[tries - 1],
    );
    let heard = if is_deaf { "cut" } else { "heard" };
    let name = format!("{what}, NOTIFY {heard}");
    println!("{name}: {tries} tries, p50 {half:?}, p99 {last:?}, longest {longest:?}");
    assert!(last <= LIMIT, "{name}: {last:?}");
}

#[tokio::test]
#[ignore = "it measures, and takes minutes"]
async fn a_session_that_one_process_ends_is_refused_by_another_process_within_a_second() {
    let site = Site::open().await;
    for is_deaf in [false, true] {
        let mut delays = Vec::new();
        for _ in 0..TRIES {
            delays.push(site.of_session(is_deaf).await);
        }
        judge("a session", is_deaf, &mut delays);
    }
    drop(site.shell);
}

#[tokio::test]
#[ignore = "it measures, and takes minutes"]
async fn rights_that_one_process_takes_are_refused_by_another_process_within_a_second() {
    let site = Site::open().await;
    let victor = Victor::of(&site).await;
    for is_deaf in [false, true] {
        let mut delays = Vec::new();
        for right in RIGHTS.into_iter().cycle().take(TRIES) {
            delays.push(victor.delay(right, is_deaf).await);
        }
        judge("a right", is_deaf, &mut delays);
    }
}

/// Rules 19, 20 and 44.
#[tokio::test]
async fn what_one_process_takes_is_refused_by_another_one_that_hears_nothing() {
    let site = Site::open().await;
    let victor = Victor::of(&site).await;
    for right in RIGHTS {
        let delay = victor.delay(right, true).await;
        assert!(delay < SOON, "{right:?}: {delay:?}");
    }
    let delay = site.of_session(true).await;
    assert!(delay < SOON, "a session: {delay:?}");
}
