//! The audit log: one row for each change, written in the change's own transaction and chained to the row before it.

mod chain;
mod list;
mod retention;

use chrono::{DateTime, Utc};
use connection::TenantConn;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use ipnet::IpNet;
use serde_json::Value;
use uuid::Uuid;

pub use self::chain::{ChainFault, ChainHead};
pub use self::list::AuditFilter;
use super::audited::Change;
use crate::{TenantEnum, TenantModel};

/// Who changed what, and from where. Rows outlive the users and records they name, so they reference none.
#[derive(Debug, Clone, Queryable, Selectable, Identifiable, Insertable, TenantModel)]
#[diesel(table_name = audit_logs, check_for_backend(diesel::pg::Pg))]
#[model(
    append_only,
    index("created_at desc", id),
    index(object_type, object_id),
    index(actor_id, "created_at desc"),
    index(action, "created_at desc"),
    index(ip, "created_at desc")
)]
pub struct AuditLog {
    /// UUID v7, made by the server.
    pub id: Uuid,
    /// Place in the chain of rows, from 1 on and without gaps.
    #[column(unique, check = "position > 0")]
    pub position: i64,
    /// SHA-256 of the row and of the hash before it.
    pub hash: Vec<u8>,
    /// Whether a user of the tenant, a system user or nobody in particular did it.
    #[column(enum)]
    pub actor_type: ActorType,
    /// The user or system user who did it.
    pub actor_id: Option<Uuid>,
    /// The user as whom it was done, if another.
    pub acting_as: Option<Uuid>,
    /// What was done: `users.update`.
    pub action: String,
    /// The kind of record it was done to: `user`.
    pub object_type: String,
    /// The record.
    pub object_id: Option<String>,
    /// The record before, secrets left out.
    pub before: Option<Value>,
    /// The record after, secrets left out.
    pub after: Option<Value>,
    /// Where the request came from.
    pub ip: Option<IpNet>,
    /// What the client called itself.
    pub user_agent: Option<String>,
    /// The session it was done in.
    pub session_id: Option<Uuid>,
    /// The API key it was done with.
    pub api_key_id: Option<Uuid>,
    /// The request it was done by.
    pub request_id: Option<String>,
    /// When it was done.
    #[column(default = "now()")]
    pub created_at: DateTime<Utc>,
}

/// What kind of caller did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, TenantEnum)]
pub enum ActorType {
    /// A user of the tenant.
    User,
    /// Somebody who runs the platform.
    SystemUser,
    /// Nobody who is known: a visitor at the door, or the server by itself.
    Nobody,
}

/// Who does something, and from where.
#[derive(Debug, Clone)]
pub struct Origin {
    /// See [`AuditLog::actor_type`].
    pub actor_type: ActorType,
    /// See [`AuditLog::actor_id`].
    pub actor_id: Option<Uuid>,
    /// See [`AuditLog::acting_as`].
    pub acting_as: Option<Uuid>,
    /// See [`AuditLog::ip`].
    pub ip: Option<IpNet>,
    /// See [`AuditLog::user_agent`].
    pub user_agent: Option<String>,
    /// See [`AuditLog::session_id`].
    pub session_id: Option<Uuid>,
    /// See [`AuditLog::api_key_id`].
    pub api_key_id: Option<Uuid>,
    /// See [`AuditLog::request_id`].
    pub request_id: Option<String>,
}

impl Origin {
    /// Nobody from nowhere: the server by itself.
    pub fn nobody() -> Self {
        Self {
            actor_type: ActorType::Nobody,
            actor_id: None,
            acting_as: None,
            ip: None,
            user_agent: None,
            session_id: None,
            api_key_id: None,
            request_id: None,
        }
    }

    /// Records what was done, each with its action, at the end of the transaction that does it: until that ends, nobody else
    /// can record anything at this tenant.
    ///
    /// # Errors
    /// What the database says.
    pub async fn record(
        &self,
        done: Vec<(&'static str, Change)>,
        conn: &mut TenantConn,
    ) -> QueryResult<()> {
        if done.is_empty() {
            return Ok(());
        }
        conn.note_recorded();
        let mut head = ChainHead::lock(conn).await?;
        let rows = done
            .into_iter()
            .map(|(action, change)| head.extend(self.row(action, change)));
        let rows: Vec<AuditLog> = rows.collect();
        let mut shared: &TenantConn = conn;
        diesel::insert_into(audit_logs::table)
            .values(rows)
            .execute(&mut shared)
            .await
            .map(drop)
    }

    /// The row, not yet in the chain.
    fn row(&self, action: &'static str, change: Change) -> AuditLog {
        let origin = self.clone();
        AuditLog {
            id: Uuid::now_v7(),
            position: 0,
            hash: Vec::new(),
            actor_type: origin.actor_type,
            actor_id: origin.actor_id,
            acting_as: origin.acting_as,
            action: action.to_owned(),
            object_type: change.object_type.to_owned(),
            object_id: change.object_id,
            before: change.before,
            after: change.after,
            ip: origin.ip,
            user_agent: origin.user_agent,
            session_id: origin.session_id,
            api_key_id: origin.api_key_id,
            request_id: origin.request_id,
            created_at: Utc::now(),
        }
    }
}

impl AuditLog {
    /// A page of the log in the order of its chain, beginning after `position`.
    pub async fn after(position: i64, limit: i64, mut conn: &TenantConn) -> QueryResult<Vec<Self>> {
        audit_logs::table
            .filter(audit_logs::position.gt(position))
            .order(audit_logs::position)
            .limit(limit)
            .select(Self::as_select())
            .load(&mut conn)
            .await
    }
}
