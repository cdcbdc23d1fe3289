//! Calls as the tenant's auditors see them.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use tenant_schema::settings::ApiAuditLog;
use utoipa::ToSchema;
use uuid::Uuid;

/// A call of the API.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CallView {
    pub(super) id: Uuid,
    method: String,
    /// Without the query.
    path: String,
    /// HTTP status of the answer.
    status: i32,
    /// How long the answer took, in microseconds.
    duration_us: i64,
    /// The user who called, or as whom it was called.
    user_id: Option<Uuid>,
    /// What was sent, as JSON without secrets.
    request_body: Option<Value>,
    /// What was answered, likewise.
    response_body: Option<Value>,
    #[schema(value_type = Option<String>)]
    ip: Option<IpAddr>,
    /// As in the answer to the request.
    request_id: Option<String>,
    pub(super) created_at: DateTime<Utc>,
}

impl From<ApiAuditLog> for CallView {
    fn from(row: ApiAuditLog) -> Self {
        Self {
            id: row.id,
            method: row.method,
            path: row.path,
            status: row.status,
            duration_us: row.duration_us,
            user_id: row.user_id,
            request_body: row.request_body,
            response_body: row.response_body,
            ip: row.ip.map(|ip| ip.addr()),
            request_id: row.request_id,
            created_at: row.created_at,
        }
    }
}
