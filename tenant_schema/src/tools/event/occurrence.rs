//! One time that an event takes place.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Event, Schedule};

/// One time that an event takes place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Occurrence {
    /// The event.
    pub event_id: Uuid,
    /// What it is, in a line.
    pub title: String,
    /// Whether it takes the whole of its days, in its time zone.
    pub is_all_day: bool,
    /// The time zone that it is kept in, by its IANA name.
    pub time_zone: String,
    /// When it begins, this time.
    pub starts_at: DateTime<Utc>,
    /// When it ends, this time.
    pub ends_at: DateTime<Utc>,
}

impl Event {
    /// At most the first `limit` times that it takes place for at least a moment between `from` and `to`. An event without a
    /// length takes place where it begins, `from` included.
    pub fn occurrences(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        limit: usize,
    ) -> Vec<Occurrence> {
        let schedule = Schedule::of(self);
        let extents = schedule.between(from, to).take(limit);
        let occurrences = extents.map(|(starts_at, ends_at)| Occurrence {
            event_id: self.id,
            title: self.title.clone(),
            is_all_day: self.is_all_day,
            time_zone: self.time_zone.clone(),
            starts_at,
            ends_at,
        });
        occurrences.collect()
    }
}
