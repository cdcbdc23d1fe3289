//! How long rows of the audit log are kept, as the tenant says it, and which are older.

use chrono::{DateTime, TimeDelta, Utc};
use connection::TenantConn;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;

use super::{AuditLog, audit_logs};
use crate::settings::Setting;
use crate::settings::known::RETENTION_DAYS;

/// The shortest time, in days: whoever may change the setting must not get rid of what they did at once.
const SHORTEST: i64 = 30;

impl AuditLog {
    /// How long rows are kept; nothing where they are kept for ever.
    pub async fn retention(conn: &TenantConn) -> QueryResult<Option<TimeDelta>> {
        let days = Setting::value_of(RETENTION_DAYS, conn).await?;
        Ok(lifetime(days.as_ref()))
    }

    /// The last place of the rows at the beginning of the log that are older than `limit`; nothing where the first is not. The
    /// last row of the log is never among them: the chain goes on from it.
    pub async fn last_before(
        limit: DateTime<Utc>,
        mut conn: &TenantConn,
    ) -> QueryResult<Option<i64>> {
        let kept: Option<i64> = audit_logs::table
            .filter(audit_logs::created_at.ge(limit))
            .order(audit_logs::position)
            .select(audit_logs::position)
            .first(&mut conn)
            .await
            .optional()?;
        let kept = match kept {
            Some(kept) => kept,
            None => Self::end(conn).await?,
        };
        let last = audit_logs::table
            .filter(audit_logs::position.lt(kept))
            .order(audit_logs::position.desc())
            .select(audit_logs::position)
            .first(&mut conn)
            .await;
        last.optional()
    }

    /// Removes the rows up to a place. The tenant's role may not.
    pub async fn remove_up_to(position: i64, conn: &mut TenantConn) -> QueryResult<usize> {
        let mut shared: &TenantConn = conn;
        diesel::delete(audit_logs::table.filter(audit_logs::position.le(position)))
            .execute(&mut shared)
            .await
    }
}

fn lifetime(days: Option<&Value>) -> Option<TimeDelta> {
    let days = days?.as_i64().filter(|days| *days > 0)?;
    TimeDelta::try_days(days.max(SHORTEST))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_no_number_of_days_keeps_everything() {
        for days in [
            json!(0),
            json!(-1),
            json!("30"),
            json!(null),
            json!(i64::MAX),
        ] {
            assert_eq!(lifetime(Some(&days)), None, "{days}");
        }
        assert_eq!(lifetime(None), None);
        assert_eq!(lifetime(Some(&json!(365))), Some(TimeDelta::days(365)));
        assert_eq!(lifetime(Some(&json!(1))), Some(TimeDelta::days(SHORTEST)));
    }
}
