//! Rows of the audit log as the tenant's auditors see them.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use platform_schema::PlatformAuditLog;
use serde::Serialize;
use serde_json::Value;
use tenant_schema::TenantEnum as _;
use tenant_schema::settings::AuditLog;
use utoipa::ToSchema;
use uuid::Uuid;

/// Something that was done in the tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AuditLogView {
    pub(super) id: Uuid,
    /// Place in the chain of rows, from 1 on and without gaps.
    pub(super) position: i64,
    /// SHA-256 of the row and of the hash before it, in hexadecimal digits.
    pub(super) hash: String,
    /// `user`, `system_user`, or `nobody` who is known.
    pub(super) actor_type: &'static str,
    /// The user or system user who did it.
    pub(super) actor_id: Option<Uuid>,
    /// The user as whom it was done, if another.
    pub(super) acting_as: Option<Uuid>,
    /// What was done, such as `users.update`.
    pub(super) action: String,
    pub(super) object_type: String,
    pub(super) object_id: Option<String>,
    /// The record before; a secret that changed is `changed`.
    #[schema(value_type = Option<Object>)]
    pub(super) before: Option<Value>,
    /// The record after, likewise.
    #[schema(value_type = Option<Object>)]
    pub(super) after: Option<Value>,
    #[schema(value_type = Option<String>)]
    pub(super) ip: Option<IpAddr>,
    pub(super) user_agent: Option<String>,
    pub(super) session_id: Option<Uuid>,
    pub(super) api_key_id: Option<Uuid>,
    /// As in the answer to the request.
    pub(super) request_id: Option<String>,
    pub(super) created_at: DateTime<Utc>,
}

/// Something that those who run the platform did to the tenant. From where they did it is theirs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PlatformDeedView {
    pub(super) id: Uuid,
    /// The system user who did it; none for the command line, and for the platform itself.
    system_user_id: Option<Uuid>,
    /// What was done, such as `tenant.suspend`.
    action: String,
    #[schema(value_type = Option<Object>)]
    before: Option<Value>,
    #[schema(value_type = Option<Object>)]
    after: Option<Value>,
    pub(super) created_at: DateTime<Utc>,
}

impl From<AuditLog> for AuditLogView {
    fn from(row: AuditLog) -> Self {
        Self {
            id: row.id,
            position: row.position,
            hash: hexadecimal(&row.hash),
            actor_type: row.actor_type.label(),
            actor_id: row.actor_id,
            acting_as: row.acting_as,
            action: row.action,
            object_type: row.object_type,
            object_id: row.object_id,
            before: row.before,
            after: row.after,
            ip: row.ip.map(|ip| ip.addr()),
            user_agent: row.user_agent,
            session_id: row.session_id,
            api_key_id: row.api_key_id,
            request_id: row.request_id,
            created_at: row.created_at,
        }
    }
}

impl From<PlatformAuditLog> for PlatformDeedView {
    fn from(row: PlatformAuditLog) -> Self {
        Self {
            id: row.id,
            system_user_id: row.actor_id,
            action: row.action,
            before: row.before.map(without_labels),
            after: row.after.map(without_labels),
            created_at: row.created_at,
        }
    }
}

/// Labels are what the platform notes of a tenant for itself.
fn without_labels(mut tenant: Value) -> Value {
    if let Value::Object(fields) = &mut tenant {
        fields.remove("labels");
    }
    tenant
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(half.into(), 16).unwrap_or_default();
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(digit).collect()
}
