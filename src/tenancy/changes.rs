//! What was changed elsewhere, as far as this process has heard: how long something that was read may be believed.
//!
//! Every node listens on one channel of the database, and calls out to itself there several times a second. PostgreSQL
//! delivers notifications in the order in which their transactions commit (manual, `NOTIFY`): a call that comes back proves
//! that everything was heard that was committed before it was made. From that moment on, silence means for most of a second
//! that nothing has changed. When calls no longer come back, nothing is believed any more, and every decision reads the database.

mod listener;

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use platform_schema::{TenantId, TenantSlug};
use tokio::sync::{Notify, OnceCell, watch};

use super::news::News;
use crate::database::Connector;
use crate::task::Task;

/// How long silence means that nothing has changed, from the moment at which the last call that came back was made. What is
/// changed is in force within a second, in which the database has yet to be read, and the request to be refused.
const BELIEF: Duration = Duration::from_millis(800);

/// How many counters all subjects share. Two subjects on one counter cost a needless read, never a wrong belief.
const COUNTERS: usize = 4_096;

/// What a change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject<'a> {
    /// The row of a tenant, by its id.
    Tenant(&'a TenantId),
    /// The row of a tenant, by its slug.
    Slug(&'a TenantSlug),
    /// What the users of a tenant may do, and their sessions.
    Access(&'a TenantId),
    /// The settings and feature flags of a tenant.
    Settings(&'a TenantId),
}

/// How things stood with a subject when it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    epoch: u64,
    counter: usize,
    count: u64,
}

/// What this process has heard. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Changes(Arc<Heard>);

#[derive(Debug)]
struct Heard {
    connector: Connector,
    origin: Instant,
    /// Until when silence is believed, in microseconds from the origin; 0 before anything was heard.
    believed_until: AtomicU64,
    /// Rises when something may have been missed, and everything that was read before is void.
    epoch: AtomicU64,
    counters: Box<[AtomicU64]>,
    /// When the last call that came back was made.
    proven: watch::Sender<Option<Instant>>,
    /// Asks for a call before its time.
    hurry: Notify,
    /// There is mail to be sent.
    mail: Notify,
    /// The keys that sign tokens may have changed.
    signing_keys: Notify,
    /// Tenants whose audit logs have got rows.
    news: News,
    /// What listens, until the last clone is gone.
    listener: OnceCell<Task>,
}

impl Changes {
    /// Hears nothing yet, and so nothing is believed. `connector` reaches the database itself, for a pooler that shares
    /// connections out by transaction delivers no notifications. Other nodes are told the news of this one, and it theirs.
    pub fn new(connector: Connector, news: News) -> Self {
        Self(Arc::new(Heard {
            connector,
            origin: Instant::now(),
            believed_until: AtomicU64::new(0),
            epoch: AtomicU64::new(0),
            counters: (0..COUNTERS).map(|_| AtomicU64::new(0)).collect(),
            proven: watch::Sender::new(None),
            hurry: Notify::new(),
            mail: Notify::new(),
            signing_keys: Notify::new(),
            news,
            listener: OnceCell::new(),
        }))
    }

    /// Begins to listen, on a connection of its own. Comes back when the first call was heard, or could not be made: then
    /// it is tried again behind the scenes, and nothing is believed in the meantime.
    pub async fn listen(&self) {
        let listen = async || listener::begin(&self.0).await;
        self.0.listener.get_or_init(listen).await;
    }

    /// How things stand with a subject, to be taken before it is read; nothing while nothing would be believed.
    pub fn moment(&self, of: Subject<'_>) -> Option<Moment> {
        self.0.hears().then(|| self.0.moment(of))
    }

    /// Whether what was read at that moment is known to be true still.
    pub fn is_current(&self, moment: Moment) -> bool {
        self.0.hears() && self.0.is_unchanged(moment)
    }

    /// Forgets what was read of a subject, because this process has changed it: its own next request must see that.
    pub fn forget(&self, subject: Subject<'_>) {
        self.0.count(subject);
    }

    /// Waits until mail is announced. For one task: each announcement wakes one who waits, or the next who does.
    pub async fn mail(&self) {
        self.0.mail.notified().await;
    }

    /// Waits until it is announced that the keys that sign tokens have changed, or that may have been missed. For one task,
    /// as [`Self::mail`].
    pub async fn signing_keys(&self) {
        self.0.signing_keys.notified().await;
    }

    /// Waits until everything is heard that was committed before the call. Comes back at once where nobody listens.
    pub async fn catch_up(&self) {
        if self.0.listener.get().is_none() {
            return;
        }
        let asked = Instant::now();
        let mut proven = self.0.proven.subscribe();
        self.0.hurry.notify_one();
        // The sender lives as long as `self`.
        let _ = proven
            .wait_for(|made| made.is_some_and(|made| made >= asked))
            .await;
    }
}

impl Heard {
    fn hears(&self) -> bool {
        self.micros(Instant::now()) < self.believed_until.load(Ordering::Acquire)
    }

    fn micros(&self, at: Instant) -> u64 {
        let since = at.saturating_duration_since(self.origin).as_micros();
        u64::try_from(since).unwrap_or(u64::MAX)
    }

    fn moment(&self, of: Subject<'_>) -> Moment {
        let counter = counter_of(of);
        Moment {
            epoch: self.epoch.load(Ordering::Acquire),
            counter,
            count: self.counted(counter),
        }
    }

    fn is_unchanged(&self, moment: Moment) -> bool {
        moment.epoch == self.epoch.load(Ordering::Acquire)
            && moment.count == self.counted(moment.counter)
    }

    fn counted(&self, counter: usize) -> u64 {
        self.counters
            .get(counter)
            .map_or(0, |counter| counter.load(Ordering::Acquire))
    }

    fn count(&self, subject: Subject<'_>) {
        if let Some(counter) = self.counters.get(counter_of(subject)) {
            counter.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Everything that was read before is void.
    fn forget_everything(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        self.signing_keys.notify_one();
        self.news.wake_all();
    }

    /// A call came back that was made at `made`.
    fn prove(&self, made: Instant) {
        self.believed_until
            .fetch_max(self.micros(made + BELIEF), Ordering::AcqRel);
        self.proven.send_replace(Some(made));
    }
}

fn counter_of(subject: Subject<'_>) -> usize {
    let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(subject);
    usize::try_from(hash).unwrap_or_default() % COUNTERS
}
