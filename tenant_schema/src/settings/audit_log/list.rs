//! The audit log, read from its newest row back. In the order of its chain it is read by [`AuditLog::after`].

use chrono::{DateTime, Utc};
use connection::TenantConn;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Text};
use diesel_async::RunQueryDsl;
use ipnet::IpNet;
use uuid::Uuid;

use super::{ActorType, AuditLog, audit_logs};

#[diesel::declare_sql_function]
extern "SQL" {
    /// The part of a text of this number, from 1 on (manual, 9.4).
    fn split_part(text: Text, delimiter: Text, number: Integer) -> Text;
}

/// Which rows to read; nothing is all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// By this user or system user.
    pub actor_id: Option<Uuid>,
    /// By this kind of caller.
    pub actor_type: Option<ActorType>,
    /// By somebody else as this user.
    pub acting_as: Option<Uuid>,
    /// What was done: `users.update`.
    pub action: Option<String>,
    /// What was done to these kinds of things, by the first word of the action: `users`.
    pub resources: Option<Vec<String>>,
    /// To this kind of record.
    pub object_type: Option<String>,
    /// To this record.
    pub object_id: Option<String>,
    /// From this address.
    pub ip: Option<IpNet>,
    /// By this request.
    pub request_id: Option<String>,
    /// At this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Before this time.
    pub to: Option<DateTime<Utc>>,
    /// No further than this place of the chain: what was written since is left out.
    pub up_to: Option<i64>,
}

type Query<'filter> = audit_logs::BoxedQuery<'filter, diesel::pg::Pg>;

impl AuditFilter {
    /// The rows by whom, and from where.
    fn origin<'filter>(&'filter self, mut rows: Query<'filter>) -> Query<'filter> {
        if let Some(actor) = self.actor_id {
            rows = rows.filter(audit_logs::actor_id.eq(actor));
        }
        if let Some(actor_type) = self.actor_type {
            rows = rows.filter(audit_logs::actor_type.eq(actor_type));
        }
        if let Some(user) = self.acting_as {
            rows = rows.filter(audit_logs::acting_as.eq(user));
        }
        if let Some(ip) = self.ip {
            rows = rows.filter(audit_logs::ip.eq(ip));
        }
        if let Some(request) = &self.request_id {
            rows = rows.filter(audit_logs::request_id.eq(request));
        }
        rows
    }

    /// The rows of what was done, and to what.
    fn deed<'filter>(&'filter self, mut rows: Query<'filter>) -> Query<'filter> {
        if let Some(action) = &self.action {
            rows = rows.filter(audit_logs::action.eq(action));
        }
        if let Some(resources) = &self.resources {
            let resource = split_part(audit_logs::action, ".", 1);
            rows = rows.filter(resource.eq_any(resources));
        }
        if let Some(object_type) = &self.object_type {
            rows = rows.filter(audit_logs::object_type.eq(object_type));
        }
        if let Some(object_id) = &self.object_id {
            rows = rows.filter(audit_logs::object_id.eq(object_id));
        }
        rows
    }

    /// The rows of when it was done.
    fn time<'filter>(&'filter self, mut rows: Query<'filter>) -> Query<'filter> {
        if let Some(from) = self.from {
            rows = rows.filter(audit_logs::created_at.ge(from));
        }
        if let Some(to) = self.to {
            rows = rows.filter(audit_logs::created_at.lt(to));
        }
        if let Some(position) = self.up_to {
            rows = rows.filter(audit_logs::position.le(position));
        }
        rows
    }
}

impl AuditLog {
    /// At most `limit` rows, the newest first, beyond the row `after`.
    pub async fn list(
        filter: &AuditFilter,
        after: Option<(DateTime<Utc>, Uuid)>,
        limit: i64,
        mut conn: &TenantConn,
    ) -> QueryResult<Vec<Self>> {
        let mut rows = filter.time(filter.deed(filter.origin(audit_logs::table.into_boxed())));
        if let Some((at, id)) = after {
            let is_older = audit_logs::created_at.lt(at);
            // The first condition says the same less exactly: it is the one that an index is entered by.
            rows = rows.filter(audit_logs::created_at.le(at));
            rows = rows.filter(is_older.or(audit_logs::id.gt(id)));
        }
        // As the index has them: rows of one transaction may have one time.
        rows.order((audit_logs::created_at.desc(), audit_logs::id))
            .limit(limit)
            .select(Self::as_select())
            .load(&mut conn)
            .await
    }

    /// The row of this id.
    ///
    /// # Errors
    /// `NotFound`, or what the database says.
    pub async fn find(id: Uuid, mut conn: &TenantConn) -> QueryResult<Self> {
        audit_logs::table
            .find(id)
            .select(Self::as_select())
            .first(&mut conn)
            .await
    }

    /// The last place of the chain; 0 where there is none yet.
    pub async fn end(mut conn: &TenantConn) -> QueryResult<i64> {
        let last = audit_logs::table
            .order(audit_logs::position.desc())
            .select(audit_logs::position)
            .first(&mut conn)
            .await;
        Ok(last.optional()?.unwrap_or_default())
    }
}
