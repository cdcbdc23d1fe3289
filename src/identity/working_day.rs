//! Whether a caller is within their working hours, for resources that only working people change.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde_json::Value;
use tenant_schema::identity::Schedule;

use super::signed_in::SignedIn;
use super::working_hours::{Standing, WorkingHours};
use crate::error::{ApiError, Code};

impl SignedIn {
    /// Refuses a caller who is outside of their working hours, with the time at which they begin again. An API key is judged
    /// by the hours of its owner. Whoever may be urgent, such as a task of critical priority, does not ask.
    ///
    /// # Errors
    /// `outside_working_hours`, or a failure of the database.
    pub async fn require_working_hours(&self) -> Result<(), ApiError> {
        let schedule = Schedule::load(self.access().user.id, self.conn().await?).await?;
        let now = Utc::now();
        match judge(&schedule, now) {
            Standing::Open => Ok(()),
            Standing::Closed { next_opening } => Err(refusal(now, next_opening, &schedule)),
        }
    }
}

/// How a schedule stands at an instant. One that cannot be read is never open.
fn judge(schedule: &Schedule, instant: DateTime<Utc>) -> Standing {
    let Some(hours) = &schedule.working_hours else {
        return Standing::Open;
    };
    let read = || -> Option<(WorkingHours, Tz, BTreeSet<NaiveDate>)> {
        let hours = serde_json::from_value(hours.clone()).ok()?;
        let zone = schedule.timezone.parse().ok()?;
        let holidays = schedule
            .holidays
            .clone()
            .unwrap_or(Value::Array(Vec::new()));
        Some((hours, zone, serde_json::from_value(holidays).ok()?))
    };
    let Some((hours, zone, holidays)) = read() else {
        tracing::error!(
            ?schedule,
            "a schedule cannot be read: its user is taken to be outside of it"
        );
        return Standing::Closed { next_opening: None };
    };
    hours.at(instant, zone, &holidays)
}

fn refusal(now: DateTime<Utc>, next: Option<DateTime<Utc>>, schedule: &Schedule) -> ApiError {
    let error = ApiError::new(Code::OutsideWorkingHours);
    let Some(next) = next else {
        return error.detail("your working hours never begin (hint: ask who manages users)");
    };
    let zone = schedule.timezone.parse().unwrap_or(Tz::UTC);
    let local = next.with_timezone(&zone).to_rfc3339();
    let wait = (next - now).to_std().unwrap_or(Duration::ZERO);
    error
        .detail(format!("your working hours begin next at {local}"))
        .retry_after(wait)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schedule(hours: Value, timezone: &str, holidays: Value) -> Schedule {
        Schedule {
            working_hours: Some(hours),
            timezone: timezone.to_owned(),
            holidays: Some(holidays),
        }
    }

    #[test]
    fn what_cannot_be_read_is_never_open() {
        let hours = json!({ "days": ["mon"], "from": "00:00", "to": "00:00" });
        let monday = "2026-11-23T12:00:00Z".parse().unwrap();
        let known = schedule(hours.clone(), "Europe/Berlin", json!([]));
        assert_eq!(judge(&known, monday), Standing::Open);
        let holiday = schedule(hours.clone(), "Europe/Berlin", json!(["2026-11-23"]));
        assert_ne!(judge(&holiday, monday), Standing::Open);
        for unreadable in [
            schedule(hours.clone(), "Europe/Atlantis", json!([])),
            schedule(hours, "Europe/Berlin", json!(["tomorrow"])),
            schedule(json!({ "days": "all" }), "Europe/Berlin", json!([])),
        ] {
            let closed = Standing::Closed { next_opening: None };
            assert_eq!(judge(&unreadable, monday), closed);
        }
    }

    #[test]
    fn who_has_no_hours_works_at_any_time() {
        let free = Schedule {
            working_hours: None,
            ..schedule(json!({}), "Europe/Atlantis", json!([]))
        };
        assert_eq!(judge(&free, Utc::now()), Standing::Open);
    }

    #[test]
    fn a_refusal_says_when_to_come_back() {
        let known = schedule(json!({}), "Europe/Berlin", json!([]));
        let now = "2026-11-22T22:59:30Z".parse().unwrap();
        let next = "2026-11-23T08:00:00Z".parse().unwrap();
        let refused = refusal(now, Some(next), &known);
        assert_eq!(refused.code(), Code::OutsideWorkingHours);
        assert_eq!(
            refused.public_detail(),
            "your working hours begin next at 2026-11-23T09:00:00+01:00"
        );
    }
}
