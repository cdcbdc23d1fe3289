//! When an event takes place, in its own time zone.

use chrono::{
    DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone, Utc,
};
use chrono_tz::Tz;

use super::Event;
use super::rule::Rule;

/// When an event takes place.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// The zone that it is kept in; UTC where the kept name is none.
    pub zone: Tz,
    /// When it takes place for the first time.
    pub first: Extent,
    rule: Option<Rule>,
}

/// How long something takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// From a time to another, or the same.
    Times {
        /// The first.
        begin: DateTime<Utc>,
        /// When it is over.
        end: DateTime<Utc>,
    },
    /// Whole days, at least one.
    Days {
        /// The first day.
        begin: NaiveDate,
        /// The day after the last one.
        end: NaiveDate,
    },
}

impl Schedule {
    /// The schedule of an event. A rule or a zone that another build let in and that cannot be read counts as none.
    pub fn of(event: &Event) -> Self {
        let zone = event.time_zone.parse().unwrap_or(Tz::UTC);
        let first = if event.is_all_day {
            Extent::days(event.starts_at, event.ends_at, zone)
        } else {
            Extent::Times {
                begin: event.starts_at,
                end: event.ends_at,
            }
        };
        let rule = event.recurrence.as_deref();
        Self {
            zone,
            first,
            rule: rule.and_then(|rule| rule.parse().ok()),
        }
    }

    /// The rule by which it recurs, as RFC 5545 §3.3.10 has it for what it is.
    pub fn rule(&self) -> Option<String> {
        let rule = self.rule.as_ref()?;
        Some(rule.text(self.is_all_day(), self.zone))
    }

    /// The extents of at least a moment between `from` and `to`, the earliest first, as times in UTC.
    ///
    /// An event of times lasts as long each time, and begins at the same time by the clock on the wall. Where that is left out
    /// when clocks go on, it is read as if they had not; where it comes twice, it is the first (RFC 5545 §3.3.5).
    pub fn between(
        &self,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> impl Iterator<Item = (DateTime<Utc>, DateTime<Utc>)> {
        let (begin, length) = self.wall();
        let zone = self.zone;
        // The clock on the wall is a day at most from that in UTC.
        let since = (from - length).naive_utc() - TimeDelta::days(1);
        let rule = self.rule.as_ref();
        let recurring = rule.map(move |rule| rule.starts(begin, since, self.is_all_day(), zone));
        let once = rule.is_none().then_some(begin);
        let starts = recurring.into_iter().flatten().chain(once);
        let last = to.naive_utc() + TimeDelta::days(1);
        starts
            .take_while(move |start| *start <= last)
            .map(move |start| self.extent(start, start == begin, length))
            .filter(move |(begin, end)| *begin < to && (*end > from || *begin >= from))
    }

    fn is_all_day(&self) -> bool {
        matches!(self.first, Extent::Days { .. })
    }

    /// The first time by the clock on the wall, and how long it takes.
    fn wall(&self) -> (NaiveDateTime, TimeDelta) {
        match self.first {
            Extent::Times { begin, end } => {
                (begin.with_timezone(&self.zone).naive_local(), end - begin)
            }
            Extent::Days { begin, end } => (begin.and_time(NaiveTime::MIN), end - begin),
        }
    }

    fn extent(
        &self,
        start: NaiveDateTime,
        is_first: bool,
        length: TimeDelta,
    ) -> (DateTime<Utc>, DateTime<Utc>) {
        let zone = self.zone;
        match self.first {
            Extent::Times { begin, end } if is_first => (begin, end),
            Extent::Times { .. } => {
                let begin = instant(start, zone);
                (begin, begin + length)
            }
            Extent::Days { .. } => (instant(start, zone), instant(start + length, zone)),
        }
    }
}

impl Extent {
    /// The days of which this takes at least a moment.
    fn days(begin: DateTime<Utc>, end: DateTime<Utc>, zone: Tz) -> Self {
        let begin = begin.with_timezone(&zone).date_naive();
        let end = end.with_timezone(&zone).naive_local();
        let is_midnight = end.time() == NaiveTime::MIN && end.date() > begin;
        let after = if is_midnight {
            Some(end.date())
        } else {
            end.date().checked_add_days(Days::new(1))
        };
        Self::Days {
            begin,
            end: after.unwrap_or(end.date()),
        }
    }
}

/// The moment of a time by the clock on the wall: the first of two, and, of one that is left out, what it would be if clocks had not
/// gone on.
pub fn instant(wall: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    if let Some(time) = zone.from_local_datetime(&wall).earliest() {
        return time.with_timezone(&Utc);
    }
    let before = zone.offset_from_local_datetime(&(wall - TimeDelta::days(1)));
    let offset = before
        .earliest()
        .map(|offset| offset.fix().local_minus_utc());
    let offset = TimeDelta::seconds(offset.unwrap_or_default().into());
    (wall - offset).and_utc()
}
