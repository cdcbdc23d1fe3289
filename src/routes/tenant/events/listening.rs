//! Somebody who listens to a tenant's events.
//!
//! What is told is read from the audit log by its places, which have no gaps and the order of the commits: news only says when to
//! look, and is looked for without any at each beat. No connection is held in between, and nothing is read for a client that has
//! not taken what was sent before.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{Bytes, Data};
use futures_util::Stream;
use futures_util::stream::unfold;
use serde_json::json;
use tenant_schema::settings::AuditLog;
use tokio::time::{Instant, timeout};

use crate::error::{ApiError, Code};
use crate::http::Drain;
use crate::identity::access_cache::CachedAccess;
use crate::identity::lasting_caller::LastingCaller;
use crate::identity::signed_in::SignedIn;
use crate::identity::visible_changes::VisibleChanges;
use crate::resource::{EVENT_STREAM, EventText, LastEventId};
use crate::routes::tenant::activity::entry::Entry;
use crate::tenancy::news::Listener;

/// Rows that are read at once.
const PAGE: i64 = 200;

/// How often it is asked whether the caller may still listen. That costs the database nothing while changes are heard.
const WATCH: Duration = Duration::from_millis(500);

/// How often the log is looked into without news, and the client shown that the stream lives.
const BEAT: Duration = Duration::from_secs(5);

/// How long a client waits before it comes back.
const PAUSE: Duration = Duration::from_secs(2);

/// Somebody who listens, and how far they are.
#[derive(Debug)]
pub(super) struct Listening {
    caller: LastingCaller,
    listener: Listener,
    drain: Data<Drain>,
    /// Place of the last row that was told, or is not to be.
    position: i64,
    has_news: bool,
    next_beat: Instant,
    /// When they have to show a token again.
    until: Instant,
    phase: Phase,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    New,
    Going,
    Over,
}

impl Listening {
    /// Listens from the event `last` on, or from now on.
    ///
    /// # Errors
    /// `rate_limited` where the tenant has as many listeners as it may, or a failure of the database.
    pub(super) async fn begin(
        caller: &SignedIn,
        LastEventId(last): LastEventId,
        drain: Data<Drain>,
    ) -> Result<Self, ApiError> {
        let lasting = LastingCaller::of(caller)?;
        let news = lasting.platform().pools.news();
        // Before the log is looked into: what comes in between is news.
        let listener = news.listen(&caller.tenant().id).map_err(|error| {
            let refusal = ApiError::new(Code::RateLimited).detail(error.to_string());
            refusal.retry_after(PAUSE)
        })?;
        let end = AuditLog::end(caller.conn().await?).await?;
        let now = Instant::now();
        Ok(Self {
            listener,
            drain,
            position: last.map_or(end, |last| last.min(end)),
            has_news: true,
            next_beat: now + BEAT,
            until: now + lasting.token_lifetime(),
            phase: Phase::New,
            caller: lasting,
        })
    }

    /// The answer, which ends when the caller may listen no more.
    pub(super) fn into_answer(self) -> HttpResponse {
        HttpResponse::Ok()
            .content_type(EVENT_STREAM)
            // Some proxies keep an answer back until it is whole, unless they are told.
            .insert_header(("X-Accel-Buffering", "no"))
            .streaming(self.into_stream())
    }

    fn into_stream(self) -> impl Stream<Item = Result<Bytes, ApiError>> + 'static {
        unfold(self, async |mut listening| {
            let text = listening.next().await?;
            Some((text.map(Bytes::from), listening))
        })
    }

    async fn next(&mut self) -> Option<Result<EventText, ApiError>> {
        match self.phase {
            Phase::New => {
                self.phase = Phase::Going;
                let mut text = EventText::default();
                text.retry(PAUSE);
                text.beat(self.position);
                Some(Ok(text))
            }
            Phase::Going => match self.go_on().await {
                Ok(text) => text.map(Ok),
                Err(error) => {
                    self.phase = Phase::Over;
                    Some(farewell(&error))
                }
            },
            Phase::Over => None,
        }
    }

    /// Waits until there is something to be sent; nothing when the time is over.
    ///
    /// # Errors
    /// Why the caller may listen no more.
    async fn go_on(&mut self) -> Result<Option<EventText>, ApiError> {
        while Instant::now() < self.until && !self.drain.is_draining() {
            let known = self.caller.access().await?;
            if let Some(text) = self.look(&known).await? {
                return Ok(Some(text));
            }
            if !self.has_news {
                self.has_news = timeout(WATCH, self.listener.news()).await.is_ok();
            }
        }
        Ok(None)
    }

    /// What is to be sent now, if anything.
    async fn look(&mut self, known: &CachedAccess) -> Result<Option<EventText>, ApiError> {
        let is_due = Instant::now() >= self.next_beat;
        if !self.has_news && !is_due {
            return Ok(None);
        }
        self.has_news = false;
        let page = match self.read(known).await {
            Ok(page) => page,
            // The tenant's connections are busy: a while later, as if the beat were due.
            Err(error) if error.code() == Code::PoolExhausted => {
                self.next_beat = Instant::now();
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        if page.missed.is_none() && page.entries.is_empty() && !is_due {
            return Ok(None);
        }
        self.next_beat = Instant::now() + BEAT;
        let mut text = page.written().map_err(ApiError::internal)?;
        text.beat(self.position);
        Ok(Some(text))
    }

    /// Reads on in the log, as far as a page reaches.
    async fn read(&mut self, known: &CachedAccess) -> Result<Page, ApiError> {
        let lease = self.caller.lease().await?;
        let mut rows = AuditLog::after(self.position, PAGE, &lease).await?;
        let end = rows.last().map_or(self.position, |row| row.position);
        let next = self.position + 1;
        let missed = rows.first().map(|row| (next, row.position - 1));
        let is_whole = i64::try_from(rows.len()).is_ok_and(|read| read == PAGE);
        let visible = VisibleChanges::of(known);
        rows.retain(|row| visible.includes(&row.action));
        let entries = Entry::read(rows, &lease).await?;
        lease.finish().await?;
        self.position = end;
        self.has_news = is_whole;
        Ok(Page {
            missed: missed.filter(|(from, to)| from <= to),
            entries,
        })
    }
}

/// Rows of the log that follow one another, for one who listens.
struct Page {
    /// The first and the last place before them that are not in the log any more: it was cut there.
    missed: Option<(i64, i64)>,
    /// What the caller may see of them.
    entries: Vec<Entry>,
}

impl Page {
    fn written(&self) -> serde_json::Result<EventText> {
        let mut text = EventText::default();
        if let Some((from, to)) = self.missed {
            text.event("gap", None, &json!({ "from": from, "to": to }))?;
        }
        for entry in &self.entries {
            text.event("change", Some(entry.position), entry)?;
        }
        Ok(text)
    }
}

/// Tells the client why there is no more, by the code that a request would get now.
fn farewell(error: &ApiError) -> Result<EventText, ApiError> {
    let mut text = EventText::default();
    let reason = json!({ "code": error.code().as_str(), "detail": error.public_detail() });
    let written = text.event("end", None, &reason);
    written.map_err(ApiError::internal)?;
    Ok(text)
}
