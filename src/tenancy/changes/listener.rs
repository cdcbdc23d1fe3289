//! The task that listens: a connection of its own, a call to itself several times a second, and a new connection when a
//! call does not come back.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use connection::{Announcement, CHANNEL, PlatformConn};
use diesel_async::AsyncPgConnection;
use futures_util::StreamExt;
use platform_schema::{TenantId, TenantSlug};
use tokio::sync::oneshot;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use uuid::Uuid;

use super::{BELIEF, Heard, Subject};
use crate::task::Task;

/// How often a node calls out to itself. Belief lasts four times as long: a call may be late or lost.
const CALL: Duration = Duration::from_millis(250);

/// Pause between two tellings of news: what comes in it is told at once, after it.
const GATHERING: Duration = Duration::from_millis(25);

/// Pause before a new attempt to listen.
const AGAIN: Duration = Duration::from_millis(250);

/// Why listening ended.
#[derive(Debug, thiserror::Error)]
enum ListenError {
    #[error(transparent)]
    Database(#[from] crate::database::DatabaseError),
    #[error(transparent)]
    Query(#[from] diesel::result::Error),
    #[error("the connection has ended")]
    Ended,
    #[error("a call did not come back")]
    Unheard,
}

/// Starts the task, and waits for its first call to be heard or to fail.
pub(super) async fn begin(heard: &Arc<Heard>) -> Task {
    let (first, outcome) = oneshot::channel();
    let task = Task::start(run(Arc::downgrade(heard), first));
    // Either way there is a task now; an attempt that failed is repeated.
    let _ = outcome.await;
    task
}

async fn run(heard: Weak<Heard>, first: oneshot::Sender<()>) {
    let mut first = Some(first);
    while let Some(present) = heard.upgrade() {
        let connector = present.connector.clone();
        drop(present);
        let ended = match connector.connect().await {
            Ok(conn) => listen(conn, &heard, &mut first).await,
            Err(error) => Err(error.into()),
        };
        match ended {
            Ok(()) => return,
            Err(error) => {
                tracing::warn!(%error, "changes are not heard, every decision reads the database");
            }
        }
        drop(first.take());
        sleep(AGAIN).await;
    }
}

/// Listens until the connection fails, or nobody wants to know any more.
async fn listen(
    conn: PlatformConn,
    heard: &Weak<Heard>,
    first: &mut Option<oneshot::Sender<()>>,
) -> Result<(), ListenError> {
    conn.batch(&format!("LISTEN {CHANNEL}")).await?;
    // What was announced since the last connection ended was missed.
    let Some(present) = heard.upgrade() else {
        return Ok(());
    };
    present.forget_everything();
    let mut calls = Calls::begin(conn.into_inner());
    let mut ticks = interval(CALL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    drop(present);
    let mut told = Instant::now();
    loop {
        let Some(present) = heard.upgrade() else {
            return Ok(());
        };
        tokio::select! {
            biased;
            text = calls.next() => {
                if hear(&present, &mut calls, &text?) {
                    drop(first.take());
                }
            }
            () = present.hurry.notified() => calls.call().await?,
            () = present.news.something_untold(), if told.elapsed() >= GATHERING => {
                calls.tell(&present.news.take_untold()).await?;
                told = Instant::now();
            }
            _ = ticks.tick() => calls.call().await?,
        }
    }
}

/// Takes one notification in. Says whether it was a call of our own.
fn hear(heard: &Heard, calls: &mut Calls, text: &str) -> bool {
    match Announcement::parse(text) {
        Some(Announcement::Tenant { id, slug }) => {
            if let (Ok(id), Ok(slug)) = (id.parse::<TenantId>(), slug.parse::<TenantSlug>()) {
                heard.count(Subject::Tenant(&id));
                heard.count(Subject::Slug(&slug));
            }
        }
        Some(Announcement::Access { schema }) => {
            if let Some(id) = tenant_of(schema) {
                heard.count(Subject::Access(&id));
            }
        }
        Some(Announcement::Recorded { tenant }) => {
            if let Ok(id) = tenant.parse::<TenantId>() {
                heard.news.wake(&id);
            }
        }
        Some(Announcement::Settings { schema }) => {
            if let Some(id) = tenant_of(schema) {
                heard.count(Subject::Settings(&id));
            }
        }
        Some(Announcement::Tenants) => heard.forget_everything(),
        Some(Announcement::Mail) => heard.mail.notify_one(),
        Some(Announcement::SigningKeys) => heard.signing_keys.notify_one(),
        Some(Announcement::Pulse { node, number }) => {
            if let Some(made) = calls.returned(node, number) {
                heard.prove(made);
                return true;
            }
        }
        None => tracing::debug!(text, "an announcement that nobody here understands"),
    }
    false
}

/// The tenant whose schema it is.
fn tenant_of(schema: &str) -> Option<TenantId> {
    schema.strip_prefix("tenant_")?.parse().ok()
}

/// The calls of this node that have not come back yet.
struct Calls {
    connection: AsyncPgConnection,
    node: String,
    number: u64,
    under_way: VecDeque<(u64, Instant)>,
}

impl Calls {
    fn begin(connection: AsyncPgConnection) -> Self {
        Self {
            connection,
            node: Uuid::now_v7().simple().to_string(),
            number: 0,
            under_way: VecDeque::new(),
        }
    }

    /// The next notification.
    async fn next(&mut self) -> Result<String, ListenError> {
        let mut notifications = std::pin::pin!(self.connection.notifications_stream());
        let notification = notifications.next().await.ok_or(ListenError::Ended)??;
        Ok(notification.payload)
    }

    /// Calls out.
    ///
    /// # Errors
    /// `Unheard` when an earlier call has not come back for as long as belief lasts.
    async fn call(&mut self) -> Result<(), ListenError> {
        let now = Instant::now();
        if let Some((_, made)) = self.under_way.front()
            && now.duration_since(*made) > BELIEF
        {
            return Err(ListenError::Unheard);
        }
        self.number += 1;
        self.under_way.push_back((self.number, now));
        let call = format!("NOTIFY {CHANNEL}, 'pulse {} {}'", self.node, self.number);
        self.send(&call).await
    }

    /// Tells other nodes of which tenants there is news. What is lost is found at the next beat of those who listen.
    async fn tell(&self, tenants: &HashSet<TenantId>) -> Result<(), ListenError> {
        let news = tenants
            .iter()
            .map(|tenant| format!("NOTIFY {CHANNEL}, 'recorded {tenant}'"));
        let news: Vec<String> = news.collect();
        self.send(&news.join("; ")).await
    }

    async fn send(&self, sql: &str) -> Result<(), ListenError> {
        let mut connection = &self.connection;
        let sending = diesel_async::SimpleAsyncConnection::batch_execute(&mut connection, sql);
        timeout(BELIEF, sending)
            .await
            .or(Err(ListenError::Unheard))??;
        Ok(())
    }

    /// When the call of this number was made, if it is one of ours.
    fn returned(&mut self, node: &str, number: u64) -> Option<Instant> {
        if node != self.node {
            return None;
        }
        let mut made = None;
        while let Some((sent, at)) = self.under_way.front().copied()
            && sent <= number
        {
            made = Some(at);
            self.under_way.pop_front();
        }
        made
    }
}
