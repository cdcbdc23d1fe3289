//! Rules of recurrence (RFC 5545 §3.3.10), as far as a calendar can be asked to bear them.

use std::iter;
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use rrule::{Frequency, RRule, RRuleError, Unvalidated};
use thiserror::Error;

/// The parts of a rule that the crate reads; `UNTIL` and `COUNT` are read here.
const PARTS: [&str; 12] = [
    "FREQ",
    "INTERVAL",
    "BYSECOND",
    "BYMINUTE",
    "BYHOUR",
    "BYDAY",
    "BYMONTHDAY",
    "BYYEARDAY",
    "BYWEEKNO",
    "BYMONTH",
    "BYSETPOS",
    "WKST",
];

/// Parts that name times of a day, which an event of whole days does not have.
const TIMES: [&str; 3] = ["BYSECOND", "BYMINUTE", "BYHOUR"];

/// Most times that a rule may come about on one day.
const MOST_A_DAY: usize = 24;

/// Most times that a rule may count: daily for 27 years.
const MOST_COUNTED: usize = 10_000;

/// A rule that is right in itself, whatever it begins with.
///
/// Rules more frequent than daily are refused. What a rule comes to is found by counting from the first time on, so that an
/// event every second, made ten years ago, would take a minute of whoever looks at this week.
#[derive(Debug, Clone)]
pub struct Rule {
    parts: Vec<(String, String)>,
    until: Option<Until>,
    count: Option<usize>,
    read: RRule<Unvalidated>,
}

/// The last time that a rule may come about, as it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    Time(DateTime<Utc>),
    Day(NaiveDate),
}

/// What is wrong with a rule. The texts are for whoever wrote it.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each says what it is")]
pub enum BadRule {
    #[error("is no rule of recurrence: {0}")]
    Unreadable(RRuleError),
    #[error("is no rule of recurrence: `{0}` is no part of one")]
    UnknownPart(String),
    #[error("names `{0}` twice")]
    Twice(&'static str),
    #[error(
        "recurs more often than daily, and all times since the first would have to be counted to show a week (hint: name the \
         hours, as in `FREQ=DAILY;BYHOUR=9,13`)"
    )]
    TooOften,
    #[error("recurs more than {MOST_A_DAY} times on a day")]
    TooOftenADay,
    #[error("must have an `INTERVAL` from 1 on")]
    NoInterval,
    #[error("must have a `COUNT` from 1 to {MOST_COUNTED}")]
    BadCount,
    #[error(
        "must have an `UNTIL` as in `UNTIL=20261231T225959Z`, in UTC, or as in `UNTIL=20261231`"
    )]
    BadUntil,
    #[error("must not have both `COUNT` and `UNTIL`")]
    TwoEnds,
    #[error("may number the days of `BYDAY` with `FREQ=MONTHLY` and `FREQ=YEARLY` alone")]
    NumberedDay,
    #[error("names days of `BYDAY` with a number and without one (hint: make two events of it)")]
    MixedDays,
    #[error("never comes about")]
    Never,
}

impl FromStr for Rule {
    type Err = BadRule;

    fn from_str(text: &str) -> Result<Self, BadRule> {
        let mut parts = Vec::new();
        let (mut until, mut count) = (None, None);
        for part in text.to_ascii_uppercase().split(';') {
            let unknown = || BadRule::UnknownPart(part.to_owned());
            let (name, value) = part.split_once('=').ok_or_else(unknown)?;
            match name {
                "UNTIL" if until.is_some() => return Err(BadRule::Twice("UNTIL")),
                "UNTIL" => until = Some(Until::read(value).ok_or(BadRule::BadUntil)?),
                "COUNT" if count.is_some() => return Err(BadRule::Twice("COUNT")),
                "COUNT" => count = Some(counted(value).ok_or(BadRule::BadCount)?),
                _ if PARTS.contains(&name) && is_plain(value) => {
                    parts.push((name.to_owned(), value.to_owned()));
                }
                _ => return Err(unknown()),
            }
        }
        let read: Result<_, RRuleError> = written(&parts).parse();
        let rule = Self {
            read: read.map_err(BadRule::Unreadable)?,
            parts,
            until,
            count,
        };
        rule.check()?;
        Ok(rule)
    }
}

impl Rule {
    fn check(&self) -> Result<(), BadRule> {
        let rule = &self.read;
        if self.until.is_some() && self.count.is_some() {
            return Err(BadRule::TwoEnds);
        }
        if rule.get_interval() == 0 {
            return Err(BadRule::NoInterval);
        }
        if rule.get_freq() > Frequency::Daily {
            return Err(BadRule::TooOften);
        }
        let times = [
            rule.get_by_hour(),
            rule.get_by_minute(),
            rule.get_by_second(),
        ];
        let a_day: usize = times.iter().map(|times| times.len().max(1)).product();
        if a_day > MOST_A_DAY {
            return Err(BadRule::TooOftenADay);
        }
        self.check_days()?;
        self.check_ever()
    }

    /// The crate takes days with a number and without one for days that have to be both, where RFC 5545 has them be either.
    fn check_days(&self) -> Result<(), BadRule> {
        let (mut bare, mut numbered) = (false, false);
        let days = self.parts.iter().filter(|(name, _)| name == "BYDAY");
        for day in days.flat_map(|(_, days)| days.split(',')) {
            let number = day.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
            let unknown = || BadRule::UnknownPart(format!("BYDAY={day}"));
            let is_bare = number.is_empty() && day.len() == 2;
            let is_numbered = number.parse().is_ok_and(|number: i8| number != 0);
            let has_name = day.len() == number.len().saturating_add(2);
            if !(is_bare || is_numbered && has_name) {
                return Err(unknown());
            }
            if is_numbered && self.read.get_freq() > Frequency::Monthly {
                return Err(BadRule::NumberedDay);
            }
            bare |= is_bare;
            numbered |= is_numbered;
        }
        if bare && numbered {
            return Err(BadRule::MixedDays);
        }
        Ok(())
    }

    /// Whether the rule comes about at all, from a day that every month has in a leap year on. One that does not would have all
    /// years until 10,000 searched each time that it is looked at.
    fn check_ever(&self) -> Result<(), BadRule> {
        let start = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default();
        let start = rrule::Tz::UTC.from_utc_datetime(&start.and_time(NaiveTime::MIN));
        let set = self.read.clone().interval(1).build(start);
        let set = set.map_err(BadRule::Unreadable)?.limit();
        match set.into_iter().next() {
            Some(_) => Ok(()),
            None => Err(BadRule::Never),
        }
    }

    /// The rule as RFC 5545 has it for an event of whole days, or for one of times in a zone: `UNTIL` is a day for the first, and
    /// a time in UTC for the second, whichever was given.
    pub(super) fn text(&self, is_all_day: bool, zone: Tz) -> String {
        let parts = self.parts.iter();
        let kept = parts.filter(|(name, _)| !is_all_day || !TIMES.contains(&name.as_str()));
        let count = self
            .count
            .map(|count| ("COUNT".to_owned(), count.to_string()));
        let until = self.until.map(|until| {
            let text = if is_all_day {
                until.local(zone).format("%Y%m%d").to_string()
            } else {
                until.time(zone).format("%Y%m%dT%H%M%SZ").to_string()
            };
            ("UNTIL".to_owned(), text)
        });
        written(kept.chain(&count).chain(&until))
    }

    /// The times at which what begins at `start` begins, by the clock on the wall and in their order: `start` itself, and from
    /// there on what the rule says. Those before `since` may be left out.
    pub(super) fn starts(
        &self,
        start: NaiveDateTime,
        since: NaiveDateTime,
        is_all_day: bool,
        zone: Tz,
    ) -> impl Iterator<Item = NaiveDateTime> {
        let mut rule = self.read.clone();
        if is_all_day {
            rule = rule
                .by_hour(Vec::new())
                .by_minute(Vec::new())
                .by_second(Vec::new());
        }
        let until = self.until.map(|until| match until {
            Until::Day(day) if is_all_day => day.and_time(NaiveTime::MIN),
            _ => until.local(zone),
        });
        if let Some(until) = until {
            rule = rule.until(wall(until));
        }
        let later = rule.build(wall(self.skipped(start, since)));
        // One that ends before it begins takes place once.
        let later = later.ok().map(|set| (&set.limit()).into_iter());
        let later = later.into_iter().flatten().map(|time| time.naive_utc());
        iter::once(start)
            .chain(later.filter(move |time| *time > start))
            .take(self.count.unwrap_or(usize::MAX))
    }

    /// A time from which the rule comes to the same, in what is not before `since`: whole intervals of days or weeks later,
    /// whose count does not matter.
    fn skipped(&self, start: NaiveDateTime, since: NaiveDateTime) -> NaiveDateTime {
        let unit = match self.read.get_freq() {
            Frequency::Daily => 1,
            Frequency::Weekly => 7,
            _ => return start,
        };
        let step = unit * i64::from(self.read.get_interval());
        // What begins within the first week is left out before its first day, so that week is over by then.
        let days = (since - start).num_days().saturating_sub(7);
        if self.count.is_some() || days < step {
            return start;
        }
        let days = TimeDelta::try_days(days - days % step);
        let skipped = days.and_then(|days| start.checked_add_signed(days));
        skipped.unwrap_or(start)
    }
}

impl Until {
    fn read(text: &str) -> Option<Self> {
        if text.contains('T') {
            let time = NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ").ok()?;
            (text.len() == 16).then(|| Self::Time(time.and_utc()))
        } else {
            let day = NaiveDate::parse_from_str(text, "%Y%m%d").ok()?;
            (text.len() == 8 && day.year() >= 1).then_some(Self::Day(day))
        }
    }

    /// By the clock on the wall: a day lasts until its last second.
    fn local(self, zone: Tz) -> NaiveDateTime {
        match self {
            Self::Time(time) => time.with_timezone(&zone).naive_local(),
            Self::Day(day) => day.and_hms_opt(23, 59, 59).unwrap_or_default(),
        }
    }

    fn time(self, zone: Tz) -> DateTime<Utc> {
        match self {
            Self::Time(time) => time,
            Self::Day(_) => super::schedule::instant(self.local(zone), zone),
        }
    }
}

/// A time by the clock on the wall, as the crate takes it: it knows zones, but counting by the clock is all that is wanted of it.
fn wall(time: NaiveDateTime) -> DateTime<rrule::Tz> {
    rrule::Tz::UTC.from_utc_datetime(&time)
}

fn written<'parts>(parts: impl IntoIterator<Item = &'parts (String, String)>) -> String {
    let parts = parts.into_iter();
    let parts: Vec<String> = parts
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    parts.join(";")
}

/// Whether a value holds what values hold. The crate cannot bear all that others might: it cuts names of days in the middle of
/// letters, and panics.
fn is_plain(value: &str) -> bool {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || ",+-".contains(letter);
    value.chars().all(fits)
}

fn counted(text: &str) -> Option<usize> {
    let count = text.parse().ok()?;
    (1..=MOST_COUNTED).contains(&count).then_some(count)
}

#[cfg(test)]
mod tests;
