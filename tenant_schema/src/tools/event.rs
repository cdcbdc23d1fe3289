//! Events of a calendar.

mod calendar;
mod occurrence;
mod rule;
mod schedule;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use diesel::prelude::*;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

pub use self::occurrence::Occurrence;
pub use self::rule::{BadRule, Rule};
pub use self::schedule::{Extent, Schedule, instant};
use crate::identity::user::users;
use crate::record::RecordKind;
use crate::{Resource, TenantModel};

/// Something that takes place, once or again and again.
#[derive(Debug, Clone, Queryable, Selectable, Serialize, ToSchema, TenantModel, Resource)]
#[diesel(table_name = events, check_for_backend(diesel::pg::Pg))]
#[model(index(eventable_type, eventable_id), index(starts_at))]
#[model(check(
    "num_nulls(eventable_type, eventable_id) <> 1",
    name = "events_eventable_check"
))]
#[model(check("ends_at >= starts_at", name = "events_span_check"))]
#[resource(path = "/tools/events", order = "starts_at", record = "eventable")]
#[resource(blame("events_eventable_check", eventable_id, "goes with `eventable_type`"))]
#[resource(blame("events_span_check", ends_at, "must not be before `starts_at`"))]
pub struct Event {
    /// UUID v7, made by the server.
    pub id: Uuid,
    /// What it is, in a line.
    #[column(length(1, 200))]
    #[resource(search, sort)]
    pub title: String,
    /// What there is to know.
    #[column(length(0, 20_000))]
    #[resource(search, multiline)]
    pub description: Option<String>,
    /// Where it takes place.
    #[column(length(1, 200))]
    #[resource(search)]
    pub location: Option<String>,
    /// When it begins, the first time.
    #[resource(filter, sort)]
    pub starts_at: DateTime<Utc>,
    /// When it ends, the first time.
    #[resource(filter, sort)]
    pub ends_at: DateTime<Utc>,
    /// Whether it takes the whole of its days, in its time zone.
    #[resource(default, filter)]
    pub is_all_day: bool,
    /// The time zone that it is kept in, by its IANA name.
    #[column(length(1, 64))]
    #[resource(check = "is_zone", example = "Europe/Berlin")]
    pub time_zone: String,
    /// How it recurs: a rule of RFC 5545 §3.3.10 without `DTSTART`.
    #[column(length(1, 500))]
    #[resource(check = "is_rule", example = "FREQ=WEEKLY;COUNT=4")]
    pub recurrence: Option<String>,
    /// What kind of record it is about.
    #[column(enum)]
    #[resource(filter)]
    pub eventable_type: Option<RecordKind>,
    /// The record that it is about.
    #[resource(filter)]
    pub eventable_id: Option<Uuid>,
    /// The user who made it.
    #[column(references = "users(id) on delete set null")]
    #[resource(author, filter)]
    pub author_id: Option<Uuid>,
    /// When it was made.
    #[column(default = "now()")]
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    #[column(default = "now()")]
    pub updated_at: DateTime<Utc>,
    /// When it was deleted, if so.
    pub deleted_at: Option<DateTime<Utc>>,
}

fn is_zone(name: &str) -> Result<(), &'static str> {
    match name.parse::<Tz>() {
        Ok(_) => Ok(()),
        Err(_) => Err("is no time zone (hint: name one as in `Europe/Berlin`)"),
    }
}

fn is_rule(rule: &str) -> Result<(), BadRule> {
    rule.parse::<Rule>().map(drop)
}
