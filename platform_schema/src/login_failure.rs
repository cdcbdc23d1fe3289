//! Logins that failed lately: whoever fails too often is made to wait, longer each time, on every node and after a restart.
//!
//! Nobody is locked for good. A row is kept for every name that is tried, whether or not somebody has it, so that the waiting
//! tells nothing.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::PlatformConn;
use crate::clock::clock_timestamp;
use crate::schema::login_failures;

/// What failures are counted for: a SHA-256.
pub type FailureKey = [u8; 32];

/// The longest that a failure is remembered.
const MEMORY: TimeDelta = TimeDelta::days(1);

/// The longest wait. About a hundred tries a day are left to who waits them all out: NIST SP 800-63B-4 §3.2.2 allows as many
/// in a row.
const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(15);

/// Forgotten rows that a failure takes along: more than the two that it adds, so that they never pile up.
const SWEPT: i64 = 10;

/// How many failures are put up with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leniency {
    /// The failure after which logins are refused for a second; each further one doubles that.
    pub most: i32,
    /// After how long one failure is forgiven.
    pub forgiven_after: TimeDelta,
}

impl Leniency {
    /// How many failures there are with the one that happens now, `before` of them `ago`.
    fn count(self, before: i32, ago: TimeDelta) -> i32 {
        if ago >= MEMORY {
            return 1;
        }
        let each = self.forgiven_after.num_seconds().max(1);
        let forgiven = i32::try_from(ago.num_seconds().max(0) / each).unwrap_or(i32::MAX);
        before.saturating_sub(forgiven).max(0).saturating_add(1)
    }

    /// How long logins are refused after so many failures.
    fn wait(self, failures: i32) -> Option<TimeDelta> {
        let beyond = u32::try_from(failures.checked_sub(self.most)?).ok()?;
        let seconds = 1_i64.checked_shl(beyond).filter(|seconds| *seconds > 0);
        let wait = seconds.and_then(TimeDelta::try_seconds);
        Some(wait.map_or(LONGEST_WAIT, |wait| wait.min(LONGEST_WAIT)))
    }
}

/// The failures of one key.
#[derive(Debug, Clone, PartialEq, Eq, HasQuery, Identifiable)]
#[diesel(table_name = login_failures, primary_key(key), check_for_backend(Pg))]
pub struct LoginFailure {
    /// What the failures are counted for.
    pub key: Vec<u8>,
    /// Failures that are not forgiven yet.
    pub failures: i32,
    /// When the last one was.
    pub last_failed_at: DateTime<Utc>,
    /// Until when no login is tried.
    pub refused_until: Option<DateTime<Utc>>,
}

impl LoginFailure {
    /// How long who has all these keys still has to wait, by the database's clock; nothing for who need not.
    pub async fn wait(
        keys: &[FailureKey],
        mut conn: &PlatformConn,
    ) -> QueryResult<Option<TimeDelta>> {
        let refused = login_failures::table
            .filter(login_failures::key.eq_any(keys.iter().map(<[u8; 32]>::as_slice)))
            .filter(login_failures::refused_until.gt(clock_timestamp().nullable()))
            .order(login_failures::refused_until.desc())
            .select((
                login_failures::refused_until.assume_not_null(),
                clock_timestamp(),
            ))
            .first::<(DateTime<Utc>, DateTime<Utc>)>(&mut conn)
            .await
            .optional()?;
        Ok(refused.map(|(until, now)| until - now))
    }

    /// Counts a failure for each of the keys. However many fail at once, one comes after the other: those that find that
    /// they should have waited do not count, and get the time that is left.
    pub async fn record(
        failed: &[(FailureKey, Leniency)],
        conn: &mut PlatformConn,
    ) -> QueryResult<Option<TimeDelta>> {
        let mut failed = failed.to_vec();
        // Who locks several rows locks them in one order.
        failed.sort_unstable_by_key(|(key, _)| *key);
        conn.transaction(async |conn| {
            let mut longest = None;
            for (key, leniency) in &failed {
                longest = longest.max(Self::record_one(key, *leniency, conn).await?);
            }
            Self::sweep(conn).await?;
            Ok(longest)
        })
        .await
    }

    async fn record_one(
        key: &FailureKey,
        leniency: Leniency,
        mut conn: &PlatformConn,
    ) -> QueryResult<Option<TimeDelta>> {
        let first = login_failures::key.eq(key.as_slice());
        diesel::insert_into(login_failures::table)
            .values(first)
            .on_conflict_do_nothing()
            .execute(&mut conn)
            .await?;
        let row = login_failures::table.find(key.as_slice());
        let locked = row.select(Self::as_select()).for_update();
        let before: Self = locked.first(&mut conn).await?;
        // A statement of its own, after the lock is had: the time in the one above may be that before its wait.
        let now = diesel::select(clock_timestamp())
            .get_result::<DateTime<Utc>>(&mut conn)
            .await?;
        if let Some(until) = before.refused_until.filter(|until| *until > now) {
            return Ok(Some(until - now));
        }
        let failures = leniency.count(before.failures, now - before.last_failed_at);
        let refused_until = leniency.wait(failures).map(|wait| now + wait);
        diesel::update(row)
            .set((
                login_failures::failures.eq(failures),
                login_failures::last_failed_at.eq(now),
                login_failures::refused_until.eq(refused_until),
            ))
            .execute(&mut conn)
            .await?;
        Ok(None)
    }

    async fn sweep(mut conn: &PlatformConn) -> QueryResult<()> {
        let old = login_failures::table
            .filter(login_failures::last_failed_at.lt(Utc::now() - MEMORY))
            .order(login_failures::last_failed_at)
            .select(login_failures::key)
            .limit(SWEPT)
            .for_update()
            .skip_locked()
            .load::<Vec<u8>>(&mut conn)
            .await?;
        Self::delete(old.iter().map(Vec::as_slice), conn).await
    }

    /// Forgets the failures of the keys.
    pub async fn forgive(keys: &[FailureKey], conn: &PlatformConn) -> QueryResult<()> {
        Self::delete(keys.iter().map(<[u8; 32]>::as_slice), conn).await
    }

    async fn delete<'keys>(
        keys: impl Iterator<Item = &'keys [u8]>,
        mut conn: &PlatformConn,
    ) -> QueryResult<()> {
        let keys: Vec<_> = keys.collect();
        if keys.is_empty() {
            return Ok(());
        }
        diesel::delete(login_failures::table.filter(login_failures::key.eq_any(keys)))
            .execute(&mut conn)
            .await
            .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENIENCY: Leniency = Leniency {
        most: 10,
        forgiven_after: TimeDelta::hours(1),
    };

    #[test]
    fn the_wait_begins_with_the_tenth_failure_and_doubles_up_to_a_quarter_of_an_hour() {
        let seconds = |failures| LENIENCY.wait(failures).map(|wait| wait.num_seconds());
        assert_eq!((seconds(0), seconds(9)), (None, None));
        assert_eq!((seconds(10), seconds(11)), (Some(1), Some(2)));
        assert_eq!((seconds(19), seconds(20)), (Some(512), Some(900)));
        assert_eq!((seconds(80), seconds(i32::MAX)), (Some(900), Some(900)));
    }

    #[test]
    fn failures_are_forgiven_one_by_one_and_all_after_a_day() {
        let count = |before, ago| LENIENCY.count(before, ago);
        assert_eq!(count(0, TimeDelta::zero()), 1);
        assert_eq!(count(12, TimeDelta::minutes(59)), 13);
        assert_eq!(count(12, TimeDelta::hours(2)), 11);
        assert_eq!(count(3, TimeDelta::hours(20)), 1);
        assert_eq!(count(1_000, TimeDelta::days(1)), 1);
        // A clock that was put back.
        assert_eq!(count(12, TimeDelta::hours(-1)), 13);
        assert_eq!(count(i32::MAX, TimeDelta::zero()), i32::MAX);
    }
}
