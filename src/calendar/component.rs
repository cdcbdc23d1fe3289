//! One event as a component of iCalendar.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use icalendar::{CalendarDateTime, Component as _, DatePerhapsTime, EventLike as _, Property};
use tenant_schema::tools::Event;
use tenant_schema::tools::event::{Extent, Schedule, instant};

use super::plain;
use crate::error::ApiError;

/// The `VEVENT` of an event (RFC 5545 §3.6.1), and the zone whose times are in it, if any.
///
/// `SEQUENCE` rises with every change, by the seconds between; the calendar has no `METHOD`, so that `DTSTAMP` is the same as
/// `LAST-MODIFIED` (§3.8.7.2).
///
/// # Errors
/// `internal` for what cannot be written.
pub fn vevent(event: &Event) -> Result<(String, Option<Tz>), ApiError> {
    let schedule = Schedule::of(event);
    let mut component = icalendar::Event::new();
    component
        .uid(&event.id.to_string())
        .timestamp(event.updated_at)
        .created(event.created_at)
        .last_modified(event.updated_at)
        .summary(&plain(&event.title));
    let revision = (event.updated_at - event.created_at).num_seconds().max(0);
    component.append_property(Property::new("SEQUENCE", revision.to_string()));
    if let Some(description) = &event.description {
        component.description(&plain(description));
    }
    if let Some(location) = &event.location {
        component.location(&plain(location));
    }
    let rule = schedule.rule();
    let zone = place(&mut component, &schedule, rule.is_some());
    if let Some(rule) = rule {
        component.append_property(Property::new("RRULE", rule));
    }
    let text = component.try_into_string().map_err(ApiError::internal)?;
    Ok((text, zone))
}

/// Writes when it takes place. Days end with the day after the last one, and what has no length has no end (§3.6.1).
fn place(component: &mut icalendar::Event, schedule: &Schedule, recurs: bool) -> Option<Tz> {
    match schedule.first {
        Extent::Days { begin, end } => {
            component.starts(begin).ends(end);
            None
        }
        Extent::Times { begin, end } => {
            let (begin_text, zone) = time(begin, schedule.zone, recurs);
            component.starts(begin_text);
            if end == begin {
                return zone;
            }
            let (end_text, end_zone) = time(end, schedule.zone, recurs);
            component.ends(end_text);
            zone.or(end_zone)
        }
    }
}

/// A time in its zone; in UTC where that is the zone, or where the clock on the wall shows it twice and this is the second time.
fn time(at: DateTime<Utc>, zone: Tz, recurs: bool) -> (DatePerhapsTime, Option<Tz>) {
    let local = at.with_timezone(&zone);
    let is_plain = recurs || instant(local.naive_local(), zone) == at;
    if zone == Tz::UTC || !is_plain {
        return (CalendarDateTime::Utc(at).into(), None);
    }
    let time = CalendarDateTime::WithTimezone {
        date_time: local.naive_local(),
        tzid: zone.name().to_owned(),
    };
    (time.into(), Some(zone))
}
