//! The log of calls, kept where the setting `audit.requests` asks for it.

use chrono::{DateTime, Utc};
use connection::TenantConn;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use ipnet::IpNet;
use serde_json::Value;
use uuid::Uuid;

use crate::TenantModel;

/// One call of the API. Rows outlive the users they name, so they reference none.
#[derive(Debug, Clone, Queryable, Selectable, Identifiable, Insertable, TenantModel)]
#[diesel(table_name = api_audit_logs, check_for_backend(diesel::pg::Pg))]
#[model(append_only, index("created_at desc", id))]
pub struct ApiAuditLog {
    /// UUID v7, made by the server.
    pub id: Uuid,
    /// HTTP method.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// HTTP status of the answer.
    #[column(check = "status between 100 and 599")]
    pub status: i32,
    /// How long the answer took, in microseconds.
    #[column(check = "duration_us >= 0")]
    pub duration_us: i64,
    /// The user who called, if signed in.
    pub user_id: Option<Uuid>,
    /// What was sent, secrets left out.
    pub request_body: Option<Value>,
    /// What was answered, secrets left out.
    pub response_body: Option<Value>,
    /// Where the call came from.
    pub ip: Option<IpNet>,
    /// The request's id.
    pub request_id: Option<String>,
    /// When the call came.
    #[column(default = "now()")]
    pub created_at: DateTime<Utc>,
}

/// Which calls to read; nothing is all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiAuditFilter {
    /// By this user.
    pub user_id: Option<Uuid>,
    /// By this HTTP method.
    pub method: Option<String>,
    /// Of this path.
    pub path: Option<String>,
    /// With an answer of this HTTP status.
    pub status: Option<i32>,
    /// From this address.
    pub ip: Option<IpNet>,
    /// Of this request.
    pub request_id: Option<String>,
    /// At this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Before this time.
    pub to: Option<DateTime<Utc>>,
}

impl ApiAuditFilter {
    fn apply(&self) -> api_audit_logs::BoxedQuery<'_, diesel::pg::Pg> {
        let mut rows = api_audit_logs::table.into_boxed();
        if let Some(user) = self.user_id {
            rows = rows.filter(api_audit_logs::user_id.eq(user));
        }
        if let Some(method) = &self.method {
            rows = rows.filter(api_audit_logs::method.eq(method));
        }
        if let Some(path) = &self.path {
            rows = rows.filter(api_audit_logs::path.eq(path));
        }
        if let Some(status) = self.status {
            rows = rows.filter(api_audit_logs::status.eq(status));
        }
        if let Some(ip) = self.ip {
            rows = rows.filter(api_audit_logs::ip.eq(ip));
        }
        if let Some(request) = &self.request_id {
            rows = rows.filter(api_audit_logs::request_id.eq(request));
        }
        if let Some(from) = self.from {
            rows = rows.filter(api_audit_logs::created_at.ge(from));
        }
        if let Some(to) = self.to {
            rows = rows.filter(api_audit_logs::created_at.lt(to));
        }
        rows
    }
}

impl ApiAuditLog {
    /// Adds calls.
    pub async fn insert_all(rows: &[Self], mut conn: &TenantConn) -> QueryResult<()> {
        diesel::insert_into(api_audit_logs::table)
            .values(rows)
            .execute(&mut conn)
            .await
            .map(drop)
    }

    /// At most `limit` calls, the newest first, beyond the call `after`.
    pub async fn list(
        filter: &ApiAuditFilter,
        after: Option<(DateTime<Utc>, Uuid)>,
        limit: i64,
        mut conn: &TenantConn,
    ) -> QueryResult<Vec<Self>> {
        let mut rows = filter.apply();
        if let Some((at, id)) = after {
            let is_older = api_audit_logs::created_at.lt(at);
            // The first condition says the same less exactly: it is the one that an index is entered by.
            rows = rows.filter(api_audit_logs::created_at.le(at));
            rows = rows.filter(is_older.or(api_audit_logs::id.gt(id)));
        }
        rows.order((api_audit_logs::created_at.desc(), api_audit_logs::id))
            .limit(limit)
            .select(Self::as_select())
            .load(&mut conn)
            .await
    }

    /// Removes at most `limit` calls from before `until`, and gives how many there were. The tenant's role may not.
    pub async fn remove_before(
        until: DateTime<Utc>,
        limit: i64,
        mut conn: &TenantConn,
    ) -> QueryResult<usize> {
        let old: Vec<Uuid> = api_audit_logs::table
            .filter(api_audit_logs::created_at.lt(until))
            .order((api_audit_logs::created_at, api_audit_logs::id))
            .select(api_audit_logs::id)
            .limit(limit)
            .load(&mut conn)
            .await?;
        diesel::delete(api_audit_logs::table.filter(api_audit_logs::id.eq_any(old)))
            .execute(&mut conn)
            .await
    }
}
