//! What takes place in a span of time.

use std::time::{Duration, Instant};

use actix_web::web;
use chrono::{DateTime, Utc};
use connection::TenantConn;
use serde::Serialize;
use tenant_schema::tools::Event;
use tenant_schema::tools::event::Occurrence;
use utoipa::ToSchema;

use crate::error::{ApiError, Code};

/// Most occurrences in an answer.
pub const MOST: usize = 1_000;

/// Recurring events that are read at once.
const PAGE: i64 = 500;

/// How long rules may be worked out for one answer. Most take less than 0.1 ms, so that this is enough for some 10,000; one that
/// is made to take long takes 10 ms or so.
const BUDGET: Duration = Duration::from_secs(2);

/// A span of time, of which `from` is a part and `to` is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is what its name says")]
pub struct Span {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

/// What takes place in a span, the earliest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Agenda {
    /// When the span begins.
    pub from: DateTime<Utc>,
    /// When it ends.
    pub to: DateTime<Utc>,
    /// At most the first 1,000 occurrences: those of a later beginning are left out.
    #[schema(max_items = 1_000)]
    pub occurrences: Vec<Occurrence>,
    /// Whether there are more, to be asked for by a shorter span.
    pub has_more: bool,
}

impl Agenda {
    /// What takes place in the span.
    ///
    /// # Errors
    /// `bad_request` where the rules of so many events recur that they cannot be worked out in two seconds; a failure of the database.
    pub async fn of(span: Span, conn: &TenantConn) -> Result<Self, ApiError> {
        let Span { from, to } = span;
        let limit = i64::try_from(MOST).map_err(ApiError::internal)? + 1;
        let once = Event::once_between(from, to, limit, conn).await?;
        let mut found = occurrences(&once, span);
        let mut spent = Duration::ZERO;
        let mut last = None;
        loop {
            let page = Event::recurring(to, last, PAGE, conn).await?;
            let Some(event) = page.last() else { break };
            last = Some(event.id);
            let begun = Instant::now();
            let work = web::block(move || {
                found.extend(occurrences(&page, span));
                earliest(found)
            });
            found = work.await.map_err(ApiError::internal)?;
            spent += begun.elapsed();
            if spent > BUDGET {
                return Err(too_much());
            }
        }
        found = earliest(found);
        let has_more = found.len() > MOST;
        found.truncate(MOST);
        Ok(Self {
            from,
            to,
            occurrences: found,
            has_more,
        })
    }
}

fn occurrences(events: &[Event], span: Span) -> Vec<Occurrence> {
    let each = events
        .iter()
        .flat_map(|event| event.occurrences(span.from, span.to, MOST + 1));
    each.collect()
}

/// The first of them, with one more than there can be in an answer.
fn earliest(mut found: Vec<Occurrence>) -> Vec<Occurrence> {
    found.sort_by_key(|occurrence| (occurrence.starts_at, occurrence.event_id));
    found.truncate(MOST + 1);
    found
}

fn too_much() -> ApiError {
    let detail = "the rules of recurrence of this tenant's events take too long to be worked out (hint: give the rules an end, \
                  and delete events that are over)";
    ApiError::new(Code::BadRequest).detail(detail)
}
