//! The events of a tenant as a calendar reads them: those that are not deleted, of the years that calendars can write.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use connection::TenantConn;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{Event, events};

/// How far from UTC the days of a zone begin and end, generously.
const MARGIN: TimeDelta = TimeDelta::days(2);

impl Event {
    /// At most `limit` events after the one of this id, in the order of ids.
    pub async fn in_calendar(
        after: Option<Uuid>,
        limit: i64,
        mut conn: &TenantConn,
    ) -> QueryResult<Vec<Self>> {
        writable()
            .filter(events::id.gt(after.unwrap_or_default()))
            .order(events::id)
            .limit(limit)
            .select(Self::as_select())
            .load(&mut conn)
            .await
    }

    /// At most `limit` events that may take place between `from` and `to` and do not recur, in the order of their beginnings.
    /// What takes whole days is given from two days before to two days after, for it begins and ends by its own zone.
    pub async fn once_between(
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        limit: i64,
        mut conn: &TenantConn,
    ) -> QueryResult<Vec<Self>> {
        let timed = events::starts_at
            .lt(to)
            .and(events::ends_at.gt(from).or(events::starts_at.ge(from)));
        let whole = events::is_all_day
            .and(events::starts_at.lt(to + MARGIN))
            .and(events::ends_at.gt(from - MARGIN));
        writable()
            .filter(events::recurrence.is_null())
            .filter(timed.or(whole))
            .order((events::starts_at, events::id))
            .limit(limit)
            .select(Self::as_select())
            .load(&mut conn)
            .await
    }

    /// At most `limit` events after the one of this id that recur and begin before `to`, in the order of ids.
    pub async fn recurring(
        to: DateTime<Utc>,
        after: Option<Uuid>,
        limit: i64,
        mut conn: &TenantConn,
    ) -> QueryResult<Vec<Self>> {
        writable()
            .filter(events::recurrence.is_not_null())
            .filter(events::starts_at.lt(to + MARGIN))
            .filter(events::id.gt(after.unwrap_or_default()))
            .order(events::id)
            .limit(limit)
            .select(Self::as_select())
            .load(&mut conn)
            .await
    }
}

/// Events that are not deleted, of the years 1 to 9998: those of four digits (RFC 5545 §3.3.4), less a day for the zones.
fn writable() -> events::BoxedQuery<'static, Pg> {
    let year = |year| {
        let day = NaiveDate::from_ymd_opt(year, 1, 2).unwrap_or_default();
        day.and_time(NaiveTime::MIN).and_utc()
    };
    let years = events::starts_at
        .ge(year(1))
        .and(events::ends_at.lt(year(9_999)));
    events::table
        .filter(events::deleted_at.is_null())
        .filter(years)
        .into_boxed()
}
