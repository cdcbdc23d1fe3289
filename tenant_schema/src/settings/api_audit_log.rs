//! The log of calls, kept where the setting `audit.requests` asks for it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ipnet::IpNet;
use serde_json::Value;
use uuid::Uuid;

use crate::TenantModel;

/// One call of the API. Rows outlive the users they name, so they reference none.
#[derive(Debug, Clone, Queryable, Selectable, Identifiable, TenantModel)]
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
