//! Routes of a tenant user's own sessions: listed, and ended.

use std::net::IpAddr;

use actix_web::http::header::SET_COOKIE;
use actix_web::web::ServiceConfig;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use serde::Serialize;
use tenant_schema::identity::{EndReason, UserSession};
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

use crate::error::ApiError;
use crate::http::Methods;
use crate::identity::refresh_cookie::RefreshCookies;
use crate::identity::rotation::PresentedToken;
use crate::identity::signed_in::SignedIn;
use crate::identity::visitor::Visitor;
use crate::resource::{
    FromQuery, List, OptionalJson, PageRequest, PathId, QueryParameters, StrictQuery,
};

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(log_out, log_out_everywhere, list_sessions, end_session))]
pub struct Documentation;

/// Mounts the routes.
pub fn configure(scope: &mut ServiceConfig) {
    scope
        .service(Methods::at("/auth/logout").post(log_out))
        .service(Methods::at("/auth/logout-all").post(log_out_everywhere))
        .service(Methods::at("/auth/sessions").get(list_sessions))
        .service(Methods::at("/auth/sessions/{id}").delete(end_session));
}

/// A session of the caller. Nothing of its tokens is shown.
#[derive(Debug, Serialize, ToSchema)]
struct SessionView {
    id: Uuid,
    /// What the client calls its device.
    device_id: Option<String>,
    /// Where the login came from.
    #[schema(value_type = Option<String>)]
    ip: Option<IpAddr>,
    user_agent: Option<String>,
    /// Who of the platform acts as the user in it, where it is not the user's own.
    acting_system_user_id: Option<Uuid>,
    /// Why they do.
    acting_reason: Option<String>,
    /// Whether it is the one that this request is made in.
    current: bool,
    created_at: DateTime<Utc>,
    /// When the user logged in or refreshed the tokens.
    last_used_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

/// Ends the session of the refresh token, in the body or the cookie, or that of the access token where there is none.
#[utoipa::path(post, path = "/auth/logout", tag = "auth", security((), ("bearer" = [])), request_body = Option<PresentedToken>,
    responses((status = 204)))]
async fn log_out(
    cookies: RefreshCookies,
    request: HttpRequest,
    body: OptionalJson<PresentedToken>,
) -> Result<HttpResponse, ApiError> {
    let given = body.0.unwrap_or_default();
    if given.is_there() || cookies.any() {
        let visitor = Visitor::extract(&request).await?;
        if let Some(cleared) = visitor.log_out(&given).await? {
            let mut response = HttpResponse::NoContent();
            return Ok(response.insert_header((SET_COOKIE, cleared)).finish());
        }
    }
    let mut caller = SignedIn::extract(&request).await?;
    let session = caller.session()?;
    caller.end_session(session, EndReason::LoggedOut).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Ends all of the caller's sessions.
#[utoipa::path(post, path = "/auth/logout-all", tag = "auth", responses((status = 204)))]
async fn log_out_everywhere(mut caller: SignedIn) -> Result<HttpResponse, ApiError> {
    caller.end_all_sessions(EndReason::LoggedOut).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Lists the caller's live sessions, the one used last first.
#[utoipa::path(get, path = "/auth/sessions", tag = "auth", params(PageRequest), responses((status = 200, body = List<SessionView>)))]
async fn list_sessions(
    caller: SignedIn,
    query: StrictQuery<SessionQuery>,
) -> Result<List<SessionView>, ApiError> {
    let (user, page, conn) = (caller.access().user.id, query.0.0, caller.conn().await?);
    let sessions = UserSession::list_live(user, page.limit(), page.offset(), conn);
    let count = UserSession::count_live(user, conn);
    let (sessions, total) = futures_util::try_join!(sessions, count)?;
    let sessions = sessions.into_iter();
    let current = caller.session()?;
    let shown = sessions.map(|session| SessionView::new(session, current));
    Ok(List::new("your sessions", shown.collect(), page, total))
}

/// Ends a session of the caller.
#[utoipa::path(delete, path = "/auth/sessions/{id}", tag = "auth", params(("id" = Uuid, Path)), responses((status = 204)))]
async fn end_session(mut caller: SignedIn, id: PathId) -> Result<HttpResponse, ApiError> {
    caller.end_session(*id, EndReason::Revoked).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Which sessions to list.
#[derive(Debug)]
struct SessionQuery(PageRequest);

impl FromQuery for SessionQuery {
    fn from_query(query: &mut QueryParameters) -> Result<Self, ApiError> {
        Ok(Self(query.page()?))
    }
}

impl SessionView {
    fn new(session: UserSession, current: Uuid) -> Self {
        Self {
            current: session.id == current,
            id: session.id,
            device_id: session.device_id,
            ip: session.ip.map(|ip| ip.addr()),
            user_agent: session.user_agent,
            acting_system_user_id: session.acting_system_user_id,
            acting_reason: session.acting_reason,
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            expires_at: session.expires_at,
        }
    }
}
