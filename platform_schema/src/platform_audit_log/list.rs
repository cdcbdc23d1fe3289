//! The audit log of the platform, read from its newest row back.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{PlatformAuditLog, platform_audit_logs};
use crate::PlatformConn;

/// Which rows to read; nothing is all of them.
#[derive(Debug, Clone, Default)]
pub struct PlatformAuditFilter {
    /// By this system user.
    pub actor_id: Option<Uuid>,
    /// What was done.
    pub action: Option<String>,
    /// To this kind of thing.
    pub object_type: Option<String>,
    /// To the thing of this key.
    pub object_id: Option<String>,
}

impl PlatformAuditLog {
    /// At most `limit` rows, the newest first, beyond the row `after`.
    pub async fn list(
        filter: &PlatformAuditFilter,
        after: Option<(DateTime<Utc>, Uuid)>,
        limit: i64,
        mut conn: &PlatformConn,
    ) -> QueryResult<Vec<Self>> {
        use platform_audit_logs as logs;
        let mut rows = logs::table.select(Self::as_select()).into_boxed();
        if let Some(actor) = filter.actor_id {
            rows = rows.filter(logs::actor_id.eq(actor));
        }
        if let Some(action) = &filter.action {
            rows = rows.filter(logs::action.eq(action));
        }
        if let Some(object_type) = &filter.object_type {
            rows = rows.filter(logs::object_type.eq(object_type));
        }
        if let Some(object_id) = &filter.object_id {
            rows = rows.filter(logs::object_id.eq(object_id));
        }
        if let Some((at, id)) = after {
            let is_older = logs::created_at.lt(at);
            // The first condition says the same less exactly: it is the one that an index is entered by.
            rows = rows.filter(logs::created_at.le(at));
            rows = rows.filter(is_older.or(logs::id.gt(id)));
        }
        // As the index has them: rows of one transaction have one time.
        rows.order((logs::created_at.desc(), logs::id))
            .limit(limit)
            .load(&mut conn)
            .await
    }
}
