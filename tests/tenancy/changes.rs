//! What is remembered is believed while changes are heard, and no longer.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use platform_schema::TenantId;
use rowhouse::tenancy::Changes;
use rowhouse::tenancy::changes::Subject;
use rowhouse::tenancy::coherent_cache::{CacheKey, CoherentCache, LoadError, Loaded};
use test_app::{TestPlatform, provision};
use tokio_postgres::Client;

/// How soon something must have happened; generous, since machines are loaded.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a change may stay unnoticed, and some for a loaded machine.
const BELIEF: Duration = Duration::from_millis(1_500);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Probe(TenantId);

impl CacheKey for Probe {
    fn subject(&self) -> Subject<'_> {
        Subject::Access(&self.0)
    }
}

/// A memory that counts how often something was read.
struct Memory {
    remembered: CoherentCache<Probe, usize>,
    reads: AtomicUsize,
    key: Probe,
}

impl Memory {
    fn of(changes: &Changes) -> Self {
        Self {
            remembered: CoherentCache::new(changes.clone(), 10),
            reads: AtomicUsize::new(0),
            key: Probe("0123456789ab".parse().unwrap()),
        }
    }

    /// Asks, and says whether that took a read.
    async fn reads(&self) -> bool {
        let before = self.reads.load(Ordering::SeqCst);
        let read = async || {
            let value = Some(self.reads.fetch_add(1, Ordering::SeqCst));
            Ok::<_, LoadError>(Loaded {
                value,
                lifetime: None,
            })
        };
        self.remembered.get(&self.key, read).await.unwrap();
        self.reads.load(Ordering::SeqCst) > before
    }
}

/// A platform that listens.
async fn listening() -> TestPlatform {
    let site = TestPlatform::open().await;
    site.platform.changes.listen().await;
    site
}

/// Waits until asking takes a read, or no longer does.
async fn wait_until_reads(memory: &Memory, expected: bool) -> Duration {
    let begun = Instant::now();
    while memory.reads().await != expected {
        assert!(begun.elapsed() < PATIENCE, "still {}", !expected);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    begun.elapsed()
}

/// Ends the connections that listen, as a network would.
async fn cut_listeners(client: &Client) -> u64 {
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%NOTIFY rowhouse%'";
    client.execute(cut, &[]).await.unwrap()
}

/// Lets nobody new connect and cuts off who listens: silence from here on.
pub(crate) async fn begin_silence(site: &TestPlatform) {
    limit_connections(site, 0).await;
    assert_eq!(cut_listeners(&site.client).await, 1);
}

/// Lets who wants to listen connect again.
pub(crate) async fn end_silence(site: &TestPlatform) {
    limit_connections(site, -1).await;
}

async fn limit_connections(site: &TestPlatform, most: i32) {
    let database = site.database().name();
    site.run(&format!(
        "ALTER DATABASE {database} CONNECTION LIMIT {most}"
    ))
    .await;
}

#[tokio::test]
async fn nothing_is_remembered_where_nobody_listens() {
    let site = TestPlatform::open().await;
    let memory = Memory::of(&site.platform.changes);
    for _ in 0..3 {
        assert!(memory.reads().await);
    }
}

#[tokio::test]
async fn what_nobody_changes_is_read_once_however_many_ask() {
    let site = listening().await;
    let memory = Memory::of(&site.platform.changes);
    let asks = futures_util::future::join_all((0..100).map(|_| memory.reads())).await;
    assert_eq!(asks.len(), 100);
    assert_eq!(memory.reads.load(Ordering::SeqCst), 1);
    // Longer than belief lasts after one call: it is the calls that keep it up.
    tokio::time::sleep(BELIEF).await;
    assert!(!memory.reads().await);
}

#[tokio::test]
async fn a_change_announced_elsewhere_is_read_at_once_and_another_tenants_is_not() {
    let site = listening().await;
    let (changes, memory) = (&site.platform.changes, Memory::of(&site.platform.changes));
    assert!(memory.reads().await);
    site.run("NOTIFY rowhouse, 'access tenant_9123456789ab'")
        .await;
    changes.catch_up().await;
    assert!(!memory.reads().await);
    site.run("NOTIFY rowhouse, 'access tenant_0123456789ab'")
        .await;
    changes.catch_up().await;
    assert!(memory.reads().await);
    site.run("NOTIFY rowhouse, 'tenants'").await;
    changes.catch_up().await;
    assert!(memory.reads().await);
    assert!(!memory.reads().await);
}

#[tokio::test]
async fn a_change_that_is_rolled_back_is_not_heard() {
    let site = listening().await;
    let memory = Memory::of(&site.platform.changes);
    assert!(memory.reads().await);
    site.run("BEGIN; NOTIFY rowhouse, 'access tenant_0123456789ab'; ROLLBACK")
        .await;
    site.platform.changes.catch_up().await;
    assert!(!memory.reads().await);
}

#[tokio::test]
async fn what_was_announced_while_nobody_could_hear_it_is_not_missed() {
    let site = listening().await;
    let memory = Memory::of(&site.platform.changes);
    assert!(memory.reads().await);
    // The connection that listened has ended when the change commits.
    assert_eq!(cut_listeners(&site.client).await, 1);
    site.run("NOTIFY rowhouse, 'access tenant_0123456789ab'")
        .await;
    let waited = wait_until_reads(&memory, true).await;
    assert!(waited < BELIEF, "{waited:?}");
    // It listens again by itself.
    wait_until_reads(&memory, false).await;
}

#[tokio::test]
async fn nothing_is_believed_for_longer_than_a_second_when_calls_do_not_come_back() {
    let site = listening().await;
    let memory = Memory::of(&site.platform.changes);
    assert!(memory.reads().await);
    begin_silence(&site).await;
    let waited = wait_until_reads(&memory, true).await;
    assert!(waited < BELIEF, "{waited:?}");
    for _ in 0..3 {
        assert!(memory.reads().await);
    }
    end_silence(&site).await;
    wait_until_reads(&memory, false).await;
}

#[tokio::test]
async fn the_registry_announces_itself_whoever_changes_it() {
    let site = listening().await;
    let acme = provision(&site.platform, "acme", "alice").await.tenant;
    provision(&site.platform, "globex", "bob").await;
    let (platform, slug) = (&site.platform, "acme".parse().unwrap());
    platform.registry.resolve(&slug).await.unwrap();
    let changes = [
        format!(
            "UPDATE shared.tenants SET name = 'Acme' WHERE id = '{}'",
            acme.id
        ),
        "INSERT INTO shared.plans (name, requests_per_minute) VALUES ('small', 60)".to_owned(),
        format!(
            "UPDATE shared.tenants SET plan = 'small' WHERE id = '{}'",
            acme.id
        ),
        "UPDATE shared.plans SET requests_per_minute = 120".to_owned(),
    ];
    let mut seen = Vec::new();
    for change in changes {
        site.run(&change).await;
        platform.changes.catch_up().await;
        let tenant = platform.registry.resolve(&slug).await.unwrap();
        seen.push((tenant.name.clone(), tenant.limits.requests_per_minute));
    }
    let expected = [None, None, Some(60), Some(120)].map(|limit| ("Acme".to_owned(), limit));
    assert_eq!(seen, expected);
}
