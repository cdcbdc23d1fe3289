//! The route of the tenant's log of calls.

mod query;
mod view;

use actix_web::web::ServiceConfig;
use tenant_schema::settings::ApiAuditLog;
use utoipa::OpenApi;

use crate::error::ApiError;
use crate::http::Methods;
use crate::identity::authorized::Authorized;
use crate::identity::permission::AuditRead;
use crate::resource::{Cursor, CursorRequest, LogPage, StrictQuery};
use query::{CallParameters, CallQuery};
use view::CallView;

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(list_calls))]
pub struct Documentation;

/// Mounts the route.
pub fn configure(scope: &mut ServiceConfig) {
    scope.service(Methods::at("/settings/api-audit-logs").get(list_calls));
}

/// Lists the calls of the tenant, the newest first, since its setting `audit.requests` asks for them.
#[utoipa::path(get, path = "/settings/api-audit-logs", tag = "audit", params(CursorRequest, CallParameters), responses((status = 200, body = LogPage<CallView>)))]
async fn list_calls(
    caller: Authorized<AuditRead>,
    query: StrictQuery<CallQuery>,
) -> Result<LogPage<CallView>, ApiError> {
    let page = query.page;
    let after = page.cursor.map(|cursor| (cursor.at, cursor.id));
    let conn = caller.conn().await?;
    let rows = ApiAuditLog::list(&query.filter, after, page.limit(), conn).await?;
    let rows = rows.into_iter().map(CallView::from).collect();
    let cursor = |row: &CallView| Cursor {
        at: row.created_at,
        id: row.id,
    };
    Ok(LogPage::new("the log of calls", rows, page, cursor))
}
