//! Routes of support access: whether those who run the platform may act as users, and who does now.

use std::net::IpAddr;

use actix_web::web::ServiceConfig;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tenant_schema::identity::UserSession;
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

use crate::error::ApiError;
use crate::http::Methods;
use crate::identity::authorized::Authorized;
use crate::identity::permission::{SettingsRead, SettingsUpdate};
use crate::resource::{
    FromQuery, List, PageRequest, QueryParameters, StrictJson, StrictQuery, Success,
};

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(show_support_access, change_support_access, list_support_sessions))]
pub struct Documentation;

/// Mounts the routes.
pub fn configure(scope: &mut ServiceConfig) {
    scope
        .service(
            Methods::at("/support-access")
                .get(show_support_access)
                .put(change_support_access),
        )
        .service(Methods::at("/support-access/sessions").get(list_support_sessions));
}

/// Whether those who run the platform may act as users of the tenant.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SupportAccess {
    is_allowed: bool,
}

/// A session in which a system user acts as a user.
#[derive(Debug, Serialize, ToSchema)]
struct SupportSessionView {
    id: Uuid,
    system_user_id: Option<Uuid>,
    /// Why, in their words.
    reason: Option<String>,
    /// As whom.
    user_id: Uuid,
    username: String,
    #[schema(value_type = Option<String>)]
    ip: Option<IpAddr>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

/// Shows whether those who run the platform may act as users of the tenant.
#[utoipa::path(get, path = "/support-access", tag = "support access", responses((status = 200, body = Success<SupportAccess>)))]
async fn show_support_access(
    caller: Authorized<SettingsRead>,
) -> Result<Success<SupportAccess>, ApiError> {
    let is_allowed = caller.support_access().await?;
    Ok(Success::new("support access", SupportAccess { is_allowed }))
}

/// Says whether those who run the platform may act as users of the tenant. Where they may not, their sessions end at once.
#[utoipa::path(put, path = "/support-access", tag = "support access", request_body = SupportAccess,
    responses((status = 200, body = Success<SupportAccess>)))]
async fn change_support_access(
    mut caller: Authorized<SettingsUpdate>,
    body: StrictJson<SupportAccess>,
) -> Result<Success<SupportAccess>, ApiError> {
    let access = body.into_inner();
    caller.set_support_access(access.is_allowed).await?;
    Ok(Success::new("support access was changed", access))
}

/// Lists the live sessions in which those who run the platform act as users, the newest first.
#[utoipa::path(get, path = "/support-access/sessions", tag = "support access", params(PageRequest), responses((status = 200, body = List<SupportSessionView>)))]
async fn list_support_sessions(
    caller: Authorized<SettingsRead>,
    query: StrictQuery<SupportSessionQuery>,
) -> Result<List<SupportSessionView>, ApiError> {
    let (page, conn) = (query.0.0, caller.conn().await?);
    let sessions = UserSession::list_acting(page.limit(), page.offset(), conn);
    let (sessions, total) = futures_util::try_join!(sessions, UserSession::count_acting(conn))?;
    let shown = sessions.into_iter().map(SupportSessionView::from).collect();
    Ok(List::new("support sessions", shown, page, total))
}

/// Which sessions to list.
#[derive(Debug)]
struct SupportSessionQuery(PageRequest);

impl FromQuery for SupportSessionQuery {
    fn from_query(query: &mut QueryParameters) -> Result<Self, ApiError> {
        Ok(Self(query.page()?))
    }
}

impl From<(UserSession, String)> for SupportSessionView {
    fn from((session, username): (UserSession, String)) -> Self {
        Self {
            id: session.id,
            system_user_id: session.acting_system_user_id,
            reason: session.acting_reason,
            user_id: session.user_id,
            username,
            ip: session.ip.map(|ip| ip.addr()),
            created_at: session.created_at,
            expires_at: session.expires_at,
        }
    }
}
