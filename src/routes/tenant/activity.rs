//! Routes of the tenant's activity: what others did, as far as the caller may see it, for people to read.

pub(super) mod entry;
mod query;

use actix_web::web::ServiceConfig;
use tenant_schema::settings::AuditLog;
use utoipa::OpenApi;

use crate::error::ApiError;
use crate::http::Methods;
use crate::identity::authorized::Authorized;
use crate::identity::permission::ActivityRead;
use crate::resource::{Cursor, CursorRequest, LogPage, StrictQuery};
use entry::Entry;
use query::{ActivityParameters, ActivityQuery};

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(list_activity))]
pub struct Documentation;

/// Mounts the route.
pub fn configure(scope: &mut ServiceConfig) {
    scope.service(Methods::at("/activity").get(list_activity));
}

/// Lists who did what in the tenant, the newest first: the changes of records that the caller may read.
#[utoipa::path(get, path = "/activity", tag = "audit", params(CursorRequest, ActivityParameters), responses((status = 200, body = LogPage<Entry>)))]
async fn list_activity(
    caller: Authorized<ActivityRead>,
    query: StrictQuery<ActivityQuery>,
) -> Result<LogPage<Entry>, ApiError> {
    let ActivityQuery { page, mut filter } = query.0;
    filter.resources = caller.visible_changes().into_resources();
    let after = page.cursor.map(|cursor| (cursor.at, cursor.id));
    let conn = caller.conn().await?;
    let rows = AuditLog::list(&filter, after, page.limit(), conn).await?;
    let entries = Entry::read(rows, conn).await?;
    let cursor = |entry: &Entry| Cursor {
        at: entry.created_at,
        id: entry.id,
    };
    Ok(LogPage::new("what was done", entries, page, cursor))
}
