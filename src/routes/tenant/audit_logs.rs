//! Routes of the tenant's audit log: what was done in the tenant, and what the platform did to it.

mod export;
mod query;
mod view;

use actix_web::HttpResponse;
use actix_web::web::ServiceConfig;
use chrono::{DateTime, Utc};
use tenant_schema::settings::{AuditLog, Change};
use utoipa::OpenApi;
use uuid::Uuid;

use crate::error::ApiError;
use crate::http::Methods;
use crate::identity::authorized::Authorized;
use crate::identity::lasting_caller::LastingCaller;
use crate::identity::permission::{AuditExport, AuditRead};
use crate::resource::{Cursor, CursorRequest, LogPage, NoQuery, PathId, StrictQuery, Success};
use export::Export;
use query::{AuditParameters, AuditQuery, ExportQuery, PlatformQuery};
use view::{AuditLogView, PlatformDeedView};

/// What the audit log calls itself.
const KIND: &str = "audit_log";

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    list_audit_logs,
    list_deeds_of_the_platform,
    export_audit_logs,
    find_audit_log
))]
pub struct Documentation;

/// Mounts the routes.
pub fn configure(scope: &mut ServiceConfig) {
    let at = |path: &str| Methods::at(&format!("/settings/audit-logs{path}"));
    scope
        .service(at("").get(list_audit_logs))
        .service(at("/platform").get(list_deeds_of_the_platform))
        .service(at("/export").get(export_audit_logs))
        .service(at("/{id}").get(find_audit_log));
}

/// Lists what was done in the tenant, the newest first.
#[utoipa::path(get, path = "/settings/audit-logs", tag = "audit", params(CursorRequest, AuditParameters), responses((status = 200, body = LogPage<AuditLogView>)))]
async fn list_audit_logs(
    caller: Authorized<AuditRead>,
    query: StrictQuery<AuditQuery>,
) -> Result<LogPage<AuditLogView>, ApiError> {
    let page = query.page;
    let after = page.cursor.map(|cursor| (cursor.at, cursor.id));
    let conn = caller.conn().await?;
    let rows = AuditLog::list(&query.filter, after, page.limit(), conn).await?;
    let rows = rows.into_iter().map(AuditLogView::from).collect();
    let cursor = |row: &AuditLogView| Cursor {
        at: row.created_at,
        id: row.id,
    };
    Ok(LogPage::new("the audit log", rows, page, cursor))
}

/// Shows one row of the audit log.
#[utoipa::path(get, path = "/settings/audit-logs/{id}", tag = "audit", params(("id" = Uuid, Path)), responses((status = 200, body = Success<AuditLogView>)))]
async fn find_audit_log(
    caller: Authorized<AuditRead>,
    id: PathId,
    _: NoQuery,
) -> Result<Success<AuditLogView>, ApiError> {
    let row = AuditLog::find(*id, caller.conn().await?).await?;
    Ok(Success::new("a row of the audit log", row.into()))
}

/// Lists what those who run the platform did to the tenant, the newest first: suspended it, resumed it, opened sessions in it.
#[utoipa::path(get, path = "/settings/audit-logs/platform", tag = "audit", responses((status = 200, body = LogPage<PlatformDeedView>)),
    params(CursorRequest, ("action" = Option<String>, Query, description = "This alone, such as `tenant.suspend`.")))]
async fn list_deeds_of_the_platform(
    caller: Authorized<AuditRead>,
    query: StrictQuery<PlatformQuery>,
) -> Result<LogPage<PlatformDeedView>, ApiError> {
    let PlatformQuery { page, action } = query.0;
    let rows = caller.deeds_of_the_platform(action, page).await?;
    let rows = rows.into_iter().map(PlatformDeedView::from).collect();
    let cursor = |row: &PlatformDeedView| Cursor {
        at: row.created_at,
        id: row.id,
    };
    let message = "what the platform did to the tenant";
    Ok(LogPage::new(message, rows, page, cursor))
}

/// Sends the rows that there are now as a file, the newest first. That it was asked for is itself a row of the log, which is not
/// among them.
#[utoipa::path(get, path = "/settings/audit-logs/export", tag = "audit", params(AuditParameters, ("format" = Option<String>, Query, description = "`csv`, or `ndjson`: one JSON object a line.")),
    responses((status = 200, description = "the rows", content((String = "text/csv"), (String = "application/x-ndjson")))))]
async fn export_audit_logs(
    mut caller: Authorized<AuditExport>,
    query: StrictQuery<ExportQuery>,
) -> Result<HttpResponse, ApiError> {
    let what = query.described();
    let end = caller
        .mutate("audit.export", async |conn| {
            let end = AuditLog::end(conn).await?;
            Ok((end, Change::about(KIND, None, what.clone())))
        })
        .await?;
    let ExportQuery { format, filter } = query.0;
    let export = Export::of(LastingCaller::of(&caller)?, filter, end, format);
    Ok(export.into_answer())
}

/// A row's place in the order of the list.
type Place = (DateTime<Utc>, Uuid);
