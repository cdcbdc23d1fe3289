//! What was done to the platform: one row for every mutation, written in its transaction.

mod list;

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use ipnet::IpNet;
use serde_json::Value;
use uuid::Uuid;

pub use self::list::PlatformAuditFilter;
use crate::PlatformConn;
use crate::schema::platform_audit_logs;

/// One mutation of the platform.
#[derive(Debug, Clone, PartialEq, HasQuery, Identifiable)]
#[diesel(table_name = platform_audit_logs, check_for_backend(Pg))]
pub struct PlatformAuditLog {
    /// UUID v7, made by the server.
    pub id: Uuid,
    /// The system user who did it; none for the command line and for the platform itself.
    pub actor_id: Option<Uuid>,
    /// What was done, such as `tenant.create`.
    pub action: String,
    /// Kind of thing it was done to.
    pub object_type: String,
    /// Key of the thing it was done to.
    pub object_id: Option<String>,
    /// The thing before.
    pub before: Option<Value>,
    /// The thing after.
    pub after: Option<Value>,
    /// Address the request came from.
    pub ip: Option<IpNet>,
    /// Client the request came from, in its own words.
    pub user_agent: Option<String>,
    /// The request, as in its answer and in the log.
    pub request_id: Option<String>,
    /// When it was done.
    pub created_at: DateTime<Utc>,
}

/// What was done to one thing of the platform. Nothing in it is a secret.
#[derive(Debug, Clone, PartialEq)]
pub struct PlatformChange {
    /// Kind of thing, such as `tenant`.
    pub object_type: &'static str,
    /// Key of the thing.
    pub object_id: Option<String>,
    /// The thing before.
    pub before: Option<Value>,
    /// The thing after, or what is known of what was done.
    pub after: Option<Value>,
}

impl PlatformChange {
    /// Something that was done to the thing of this kind and key.
    pub fn of(object_type: &'static str, object_id: &impl ToString) -> Self {
        Self {
            object_type,
            object_id: Some(object_id.to_string()),
            before: None,
            after: None,
        }
    }

    /// The thing as it was.
    #[must_use]
    pub fn before(self, before: Value) -> Self {
        Self {
            before: Some(before),
            ..self
        }
    }

    /// The thing as it is now.
    #[must_use]
    pub fn after(self, after: Value) -> Self {
        Self {
            after: Some(after),
            ..self
        }
    }
}

/// A mutation to be recorded. Secrets in `before` and `after` are written as "changed" by whoever fills them in.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = platform_audit_logs, check_for_backend(Pg))]
pub struct NewPlatformAuditLog {
    /// UUID v7.
    pub id: Uuid,
    /// The system user who does it.
    pub actor_id: Option<Uuid>,
    /// What is done, such as `tenant.create`.
    pub action: String,
    /// Kind of thing it is done to.
    pub object_type: String,
    /// Key of the thing it is done to.
    pub object_id: Option<String>,
    /// The thing before.
    pub before: Option<Value>,
    /// The thing after.
    pub after: Option<Value>,
    /// Address the request came from.
    pub ip: Option<IpNet>,
    /// Client the request came from, in its own words.
    pub user_agent: Option<String>,
    /// The request, as in its answer and in the log.
    pub request_id: Option<String>,
}

impl NewPlatformAuditLog {
    /// Records the mutation; call it in the transaction that makes it.
    pub async fn insert(&self, mut conn: &PlatformConn) -> QueryResult<()> {
        diesel::insert_into(platform_audit_logs::table)
            .values(self)
            .execute(&mut conn)
            .await
            .map(drop)
    }
}
