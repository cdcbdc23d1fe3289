//! Routes of the platform's audit log, for system users.

use std::net::IpAddr;

use actix_web::web::ServiceConfig;
use chrono::{DateTime, Utc};
use platform_schema::{PlatformAuditFilter, PlatformAuditLog};
use serde::Serialize;
use serde_json::Value;
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

use crate::error::ApiError;
use crate::http::Methods;
use crate::identity::system_caller::{PlatformAuditRead, PlatformAuthorized};
use crate::resource::{Cursor, CursorRequest, FromQuery, LogPage, QueryParameters, StrictQuery};

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(list_platform_audit_logs))]
pub struct Documentation;

/// Mounts the route.
pub fn configure(scope: &mut ServiceConfig) {
    scope.service(Methods::at("/audit-logs").get(list_platform_audit_logs));
}

/// Something that was done to the platform.
#[derive(Debug, Serialize, ToSchema)]
struct PlatformAuditLogView {
    id: Uuid,
    /// The system user who did it; none for the command line, and for who is not known.
    actor_id: Option<Uuid>,
    /// What was done, such as `tenant.create`.
    action: String,
    object_type: String,
    object_id: Option<String>,
    #[schema(value_type = Option<Object>)]
    before: Option<Value>,
    #[schema(value_type = Option<Object>)]
    after: Option<Value>,
    #[schema(value_type = Option<String>)]
    ip: Option<IpAddr>,
    user_agent: Option<String>,
    /// As in the answer to the request, and in the server's log.
    request_id: Option<String>,
    created_at: DateTime<Utc>,
}

impl From<PlatformAuditLog> for PlatformAuditLogView {
    fn from(row: PlatformAuditLog) -> Self {
        Self {
            id: row.id,
            actor_id: row.actor_id,
            action: row.action,
            object_type: row.object_type,
            object_id: row.object_id,
            before: row.before,
            after: row.after,
            ip: row.ip.map(|ip| ip.addr()),
            user_agent: row.user_agent,
            request_id: row.request_id,
            created_at: row.created_at,
        }
    }
}

/// Which rows to show.
#[derive(Debug)]
struct AuditQuery {
    page: CursorRequest,
    filter: PlatformAuditFilter,
}

impl FromQuery for AuditQuery {
    fn from_query(query: &mut QueryParameters) -> Result<Self, ApiError> {
        Ok(Self {
            page: query.cursor()?,
            filter: PlatformAuditFilter {
                actor_id: query.parsed("actor_id")?,
                action: query.text("action")?,
                object_type: query.text("object_type")?,
                object_id: query.text("object_id")?,
            },
        })
    }
}

/// Lists what was done to the platform, the newest first.
#[utoipa::path(get, path = "/api/v1/platform/audit-logs", tag = "platform", responses((status = 200, body = LogPage<PlatformAuditLogView>)),
    params(CursorRequest, ("actor_id" = Option<Uuid>, Query), ("action" = Option<String>, Query), ("object_type" = Option<String>, Query), ("object_id" = Option<String>, Query)))]
async fn list_platform_audit_logs(
    caller: PlatformAuthorized<PlatformAuditRead>,
    query: StrictQuery<AuditQuery>,
) -> Result<LogPage<PlatformAuditLogView>, ApiError> {
    let page = query.page;
    let after = page.cursor.map(|cursor| (cursor.at, cursor.id));
    let rows = PlatformAuditLog::list(&query.filter, after, page.limit(), caller.conn()).await?;
    let rows = rows.into_iter().map(PlatformAuditLogView::from).collect();
    let cursor = |row: &PlatformAuditLogView| Cursor {
        at: row.created_at,
        id: row.id,
    };
    Ok(LogPage::new("the audit log", rows, page, cursor))
}
