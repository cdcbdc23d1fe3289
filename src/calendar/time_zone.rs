//! Time zones as components of iCalendar, for clients that do not know them by their IANA names.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::{OffsetComponents, OffsetName, Tz, TzOffset};
use icalendar::{Property, ValueType};

use super::line;
use crate::error::ApiError;

/// The years whose changes of the clock are told. What is known of later ones is a guess, and clients know the zones by themselves.
const YEARS: (i32, i32) = (1970, 2037);

/// A change of the clock, alike each time but for when it is: offsets in seconds, whether it is to daylight saving time, and the
/// name of the time from then on.
type Kind = (i32, i32, bool, Option<String>);

/// The `VTIMEZONE` of a zone (RFC 5545 §3.6.5): the clock as it was at the beginning of 1970, and each change until 2037.
///
/// # Errors
/// `internal` for what cannot be written.
pub fn vtimezone(zone: Tz) -> Result<String, ApiError> {
    let mut text = String::from("BEGIN:VTIMEZONE\r\n");
    text.push_str(&line(Property::new("TZID", zone.name()))?);
    let first = beginning(YEARS.0);
    let offset = zone.offset_from_utc_datetime(&first.naive_utc());
    observance(&kind(&offset, &offset), &[first], &mut text)?;
    for (kind, times) in changes(zone) {
        observance(&kind, &times, &mut text)?;
    }
    text.push_str("END:VTIMEZONE\r\n");
    Ok(text)
}

/// One sub-component: from when on the clock goes so, by the clock before.
fn observance(kind: &Kind, times: &[DateTime<Utc>], text: &mut String) -> Result<(), ApiError> {
    let (from, to, is_daylight, name) = kind;
    let part = if *is_daylight { "DAYLIGHT" } else { "STANDARD" };
    let local = |time: &DateTime<Utc>| {
        let wall = time.naive_utc() + TimeDelta::seconds((*from).into());
        wall.format("%Y%m%dT%H%M%S").to_string()
    };
    let Some((first, others)) = times.split_first() else {
        return Ok(());
    };
    text.push_str(&line(Property::new("BEGIN", part))?);
    text.push_str(&line(Property::new("DTSTART", local(first)))?);
    if !others.is_empty() {
        let others: Vec<String> = others.iter().map(local).collect();
        let dates = Property::new("RDATE", others.join(","))
            .append_parameter(ValueType::DateTime)
            .done();
        text.push_str(&line(dates)?);
    }
    text.push_str(&line(Property::new("TZOFFSETFROM", offset_text(*from)))?);
    text.push_str(&line(Property::new("TZOFFSETTO", offset_text(*to)))?);
    if let Some(name) = name {
        text.push_str(&line(Property::new("TZNAME", name.as_str()))?);
    }
    text.push_str(&line(Property::new("END", part))?);
    Ok(())
}

/// All changes of the clock, by their kinds.
fn changes(zone: Tz) -> BTreeMap<Kind, Vec<DateTime<Utc>>> {
    let mut found: BTreeMap<Kind, Vec<DateTime<Utc>>> = BTreeMap::new();
    let offset = |time: &DateTime<Utc>| zone.offset_from_utc_datetime(&time.naive_utc());
    let end = beginning(YEARS.1 + 1);
    let mut day = beginning(YEARS.0);
    while day < end {
        let next = day + TimeDelta::days(1);
        let (before, after) = (offset(&day), offset(&next));
        if told(&before) != told(&after) {
            let is_later = |time: &DateTime<Utc>| told(&offset(time)) != told(&before);
            let times = found.entry(kind(&before, &after)).or_default();
            times.push(turning_point(day, next, is_later));
        }
        day = next;
    }
    found
}

/// The first second after `before`, up to `after`, that is later.
fn turning_point(
    mut before: DateTime<Utc>,
    mut after: DateTime<Utc>,
    is_later: impl Fn(&DateTime<Utc>) -> bool,
) -> DateTime<Utc> {
    while after - before > TimeDelta::seconds(1) {
        let middle = before + TimeDelta::seconds((after - before).num_seconds() / 2);
        if is_later(&middle) {
            after = middle;
        } else {
            before = middle;
        }
    }
    after
}

/// What of an offset is told.
fn told(offset: &TzOffset) -> (i32, bool, Option<&str>) {
    let is_daylight = !offset.dst_offset().is_zero();
    let seconds = offset.fix().local_minus_utc();
    (seconds, is_daylight, offset.abbreviation())
}

fn kind(before: &TzOffset, after: &TzOffset) -> Kind {
    let (to, is_daylight, name) = told(after);
    (told(before).0, to, is_daylight, name.map(str::to_owned))
}

/// `+hhmm`, with seconds where there are some (RFC 5545 §3.3.14).
fn offset_text(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let seconds = seconds.unsigned_abs();
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    match seconds % 60 {
        0 => format!("{sign}{hours:02}{minutes:02}"),
        seconds => format!("{sign}{hours:02}{minutes:02}{seconds:02}"),
    }
}

fn beginning(year: i32) -> DateTime<Utc> {
    let day = NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default();
    day.and_time(NaiveTime::MIN).and_utc()
}
