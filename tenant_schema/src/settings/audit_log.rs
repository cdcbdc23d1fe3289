//! The audit log: one row for each change, written in the change's own transaction.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ipnet::IpNet;
use serde_json::Value;
use uuid::Uuid;

use crate::TenantModel;

/// Who changed what, and from where. Rows outlive the users and records they name, so they reference none.
#[derive(Debug, Clone, Queryable, Selectable, Identifiable, TenantModel)]
#[diesel(table_name = audit_logs, check_for_backend(diesel::pg::Pg))]
#[model(
    append_only,
    index("created_at desc", id),
    index(object_type, object_id)
)]
pub struct AuditLog {
    /// UUID v7, made by the server.
    pub id: Uuid,
    /// The user who did it; nobody when the platform did.
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
