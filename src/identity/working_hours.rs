//! Working hours: when a user may change what only working people change, judged in the user's own time zone. Pure, and without
//! a database.
//!
//! A window belongs to the day on which it opens, so 22:00–06:00 of a Friday ends on Saturday. Instants are compared, never local
//! times, which come twice or not at all when clocks are changed: a window whose first minute does not exist opens when the clock
//! goes on, and one whose last minute comes twice ends with the second. Who wrote a window gets no less of it than they wrote.

use std::collections::BTreeSet;

use chrono::{
    DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc,
    Weekday,
};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How far the next opening is looked for, in days: a year of holidays and more.
const HORIZON: u64 = 400;

/// Minutes that clocks were ever put forward by at once: Samoa left out a day in 2011.
const LONGEST_GAP: i64 = 24 * 60;

/// The days and the hours in which somebody works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkingHours {
    /// The days on which the window opens.
    #[schema(value_type = Vec<String>, example = json!(["mon", "tue", "wed", "thu", "fri"]))]
    #[serde(with = "days")]
    pub days: BTreeSet<Day>,
    /// When the window opens, in the user's time zone.
    #[schema(value_type = String, example = "09:00")]
    #[serde(with = "minutes")]
    pub from: NaiveTime,
    /// When it closes: on the next day where that is no later than `from`.
    #[schema(value_type = String, example = "18:00")]
    #[serde(with = "minutes")]
    pub to: NaiveTime,
}

/// A day of the week, Monday first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(u8);

impl From<Weekday> for Day {
    fn from(day: Weekday) -> Self {
        Self(u8::try_from(day.num_days_from_monday()).unwrap_or_default())
    }
}

/// How working hours stand at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Within them.
    Open,
    /// Outside of them.
    Closed {
        /// When they begin next; nothing where they do not within a year.
        next_opening: Option<DateTime<Utc>>,
    },
}

impl WorkingHours {
    /// How the hours stand at `instant` for somebody in `zone`, who does not work on `holidays`.
    pub fn at(&self, instant: DateTime<Utc>, zone: Tz, holidays: &BTreeSet<NaiveDate>) -> Standing {
        let today = instant.with_timezone(&zone).date_naive();
        let Some(yesterday) = today.checked_sub_days(Days::new(1)) else {
            return Standing::Closed { next_opening: None };
        };
        let days = (0..=HORIZON).filter_map(|later| yesterday.checked_add_days(Days::new(later)));
        let windows = days
            .filter(|day| self.days.contains(&day.weekday().into()) && !holidays.contains(day))
            .filter_map(|day| self.window(day, zone));
        for (opens, closes) in windows {
            if opens > instant {
                return Standing::Closed {
                    next_opening: Some(opens),
                };
            }
            if instant < closes {
                return Standing::Open;
            }
        }
        Standing::Closed { next_opening: None }
    }

    /// When the window of a day opens and closes; nothing for one that the clock leaps over.
    fn window(&self, day: NaiveDate, zone: Tz) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let last_day = if self.from < self.to {
            day
        } else {
            day.checked_add_days(Days::new(1))?
        };
        let opens = instant(day.and_time(self.from), zone, Twice::First)?;
        let closes = instant(last_day.and_time(self.to), zone, Twice::Second)?;
        (opens < closes).then_some((opens, closes))
    }
}

/// Which of two instants with the same local time is meant.
#[derive(Debug, Clone, Copy)]
enum Twice {
    First,
    Second,
}

/// The instant of a local time; of one that does not exist, the instant at which the clock goes on.
fn instant(local: NaiveDateTime, zone: Tz, twice: Twice) -> Option<DateTime<Utc>> {
    let later = (0..=LONGEST_GAP)
        .filter_map(|minutes| local.checked_add_signed(TimeDelta::minutes(minutes)));
    let found = later
        .map(|local| zone.from_local_datetime(&local))
        .find_map(|found| match twice {
            Twice::First => found.earliest(),
            Twice::Second => found.latest(),
        });
    found.map(|instant| instant.with_timezone(&Utc))
}

/// Days as the API and the tables have them: `mon` to `sun`.
mod days {
    use std::collections::BTreeSet;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Day;

    const NAMES: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

    pub(super) fn serialize<S: Serializer>(
        days: &BTreeSet<Day>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(days.iter().filter_map(|day| NAMES.get(usize::from(day.0))))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeSet<Day>, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        let days = names.iter().map(|name| {
            let place = NAMES.iter().position(|known| known == name);
            let place = place.and_then(|place| u8::try_from(place).ok());
            place.map(Day).ok_or_else(|| {
                D::Error::custom(format!(
                    "`{name}` is no day, expected one of {}",
                    NAMES.join(", ")
                ))
            })
        });
        days.collect()
    }
}

/// Times as the API and the tables have them: `09:00`.
mod minutes {
    use chrono::NaiveTime;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    const FORMAT: &str = "%H:%M";

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde calls it with a reference"
    )]
    pub(super) fn serialize<S: Serializer>(
        time: &NaiveTime,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&time.format(FORMAT))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<NaiveTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time = NaiveTime::parse_from_str(&text, FORMAT)
            .ok()
            .filter(|_| text.len() == 5);
        time.ok_or_else(|| D::Error::custom(format!("`{text}` is no time of day like `09:00`")))
    }
}

#[cfg(test)]
mod tests;
