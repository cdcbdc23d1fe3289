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
/// is made to take long takes some 40 ms.
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
    /// `bad_request` where so many events recur that their rules cannot be worked out in two seconds; a failure of the database.
    pub async fn of(span: Span, conn: &TenantConn) -> Result<Self, ApiError> {
        let Span { from, to } = span;
        let limit = i64::try_from(MOST).map_err(ApiError::internal)? + 1;
        let once = Event::once_between(from, to, limit, conn).await?;
        let is_cut = once.len() > MOST;
        let (mut found, mut left) = worked_out(&once, span, Vec::new(), BUDGET)?;
        let mut last = None;
        loop {
            let page = Event::recurring(to, last, PAGE, conn).await?;
            let Some(event) = page.last() else { break };
            last = Some(event.id);
            let work = web::block(move || worked_out(&page, span, found, left));
            (found, left) = work.await.map_err(ApiError::internal)??;
        }
        let has_more = is_cut || found.len() > MOST;
        found.truncate(MOST);
        Ok(Self {
            from,
            to,
            occurrences: found,
            has_more,
        })
    }
}

/// What was found before and what these events come to, as far as it can be in an answer, and what is left of the time for it.
fn worked_out(
    events: &[Event],
    span: Span,
    mut found: Vec<Occurrence>,
    budget: Duration,
) -> Result<(Vec<Occurrence>, Duration), ApiError> {
    let begun = Instant::now();
    let left = || budget.checked_sub(begun.elapsed()).ok_or_else(too_much);
    for event in events {
        left()?;
        found.extend(event.occurrences(span.from, span.to, MOST + 1));
        if found.len() > 10 * MOST {
            found = earliest(found);
        }
    }
    Ok((earliest(found), left()?))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn hourly(title: &str) -> Event {
        let starts_at: DateTime<Utc> = "2026-03-01T00:00:00Z".parse().unwrap();
        let hours: Vec<String> = (0..24).map(|hour| hour.to_string()).collect();
        Event {
            id: uuid::Uuid::now_v7(),
            title: title.to_owned(),
            description: None,
            location: None,
            starts_at,
            ends_at: starts_at,
            is_all_day: false,
            time_zone: "UTC".to_owned(),
            recurrence: Some(format!("FREQ=DAILY;BYHOUR={}", hours.join(","))),
            eventable_type: None,
            eventable_id: None,
            author_id: None,
            created_at: starts_at,
            updated_at: starts_at,
            deleted_at: None,
        }
    }

    fn year() -> Span {
        Span {
            from: "2026-03-01T00:00:00Z".parse().unwrap(),
            to: "2027-03-01T00:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn what_takes_longer_than_it_may_is_given_up() {
        let events = [hourly("tea")];
        let refused = worked_out(&events, year(), Vec::new(), Duration::ZERO).unwrap_err();
        assert_eq!(refused.code(), Code::BadRequest);
    }

    #[test]
    fn the_earliest_of_all_events_are_kept() {
        let events: Vec<Event> = (0..20).map(|number| hourly(&number.to_string())).collect();
        let (found, _) = worked_out(&events, year(), Vec::new(), Duration::MAX).unwrap();
        assert_eq!(found.len(), MOST + 1);
        // 20 events in each of the first 50 hours, and one of the next.
        let last = found.last().unwrap();
        assert_eq!(last.starts_at.to_rfc3339(), "2026-03-03T02:00:00+00:00");
        assert!(found.is_sorted_by_key(|occurrence| occurrence.starts_at));
    }
}
