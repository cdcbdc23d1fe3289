//! Routes of system users' sessions.

use actix_web::http::header::SET_COOKIE;
use actix_web::web::{Data, ServiceConfig};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use platform_schema::{SystemUser, SystemUserRole};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

use crate::error::ApiError;
use crate::http::Methods;
use crate::identity::Identity;
use crate::identity::login::{LoggedIn, PlatformCredentials};
use crate::identity::password_change::PasswordChange;
use crate::identity::platform_visitor::PlatformVisitor;
use crate::identity::refresh_cookie::RefreshCookies;
use crate::identity::refresh_cookie::TokenTransport;
use crate::identity::rotation::PresentedToken;
use crate::identity::system_caller::SystemCaller;
use crate::identity::visit::Visit;
use crate::platform::Platform;
use crate::resource::{OptionalJson, StrictJson, Success};

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    log_in_system_user,
    refresh_system_user,
    log_out_system_user,
    log_out_system_user_everywhere,
    change_system_user_password,
    show_system_user
))]
pub struct Documentation;

/// Mounts the routes.
pub fn configure(scope: &mut ServiceConfig) {
    scope
        .service(Methods::at("/auth/login").post(log_in_system_user))
        .service(Methods::at("/auth/refresh").post(refresh_system_user))
        .service(Methods::at("/auth/logout").post(log_out_system_user))
        .service(Methods::at("/auth/logout-all").post(log_out_system_user_everywhere))
        .service(Methods::at("/auth/change-password").post(change_system_user_password))
        .service(Methods::at("/auth/me").get(show_system_user));
}

/// A system user as the platform shows it.
#[derive(Debug, Serialize, ToSchema)]
pub struct SystemUserView {
    id: Uuid,
    email: String,
    role: SystemUserRole,
    is_active: bool,
    created_at: DateTime<Utc>,
}

impl From<SystemUser> for SystemUserView {
    fn from(user: SystemUser) -> Self {
        Self {
            id: user.id,
            email: user.email,
            role: user.role,
            is_active: user.is_active,
            created_at: user.created_at,
        }
    }
}

/// Logs a system user in.
#[utoipa::path(post, path = "/api/v1/platform/auth/login", tag = "platform", security(()), request_body = PlatformCredentials,
    params(("X-Token-Transport" = inline(Option<TokenTransport>), Header, description = "`cookie` has the refresh token set as a cookie.")),
    responses((status = 200, body = Success<LoggedIn<SystemUserView>>)))]
async fn log_in_system_user(
    visitor: PlatformVisitor,
    credentials: StrictJson<PlatformCredentials>,
) -> Result<Success<LoggedIn<SystemUserView>>, ApiError> {
    let session = visitor.log_in(credentials.into_inner()).await?;
    Ok(shown("logged in", session))
}

/// Gives the next pair of tokens for a refresh token, as for a user of a tenant.
#[utoipa::path(post, path = "/api/v1/platform/auth/refresh", tag = "platform", security(()), request_body = Option<PresentedToken>,
    responses((status = 200, body = Success<LoggedIn<SystemUserView>>)))]
async fn refresh_system_user(
    visitor: PlatformVisitor,
    presented: OptionalJson<PresentedToken>,
) -> Result<Success<LoggedIn<SystemUserView>>, ApiError> {
    let session = visitor.refresh(&presented.0.unwrap_or_default()).await?;
    Ok(shown("refreshed", session))
}

fn shown(
    message: &'static str,
    session: LoggedIn<SystemUser>,
) -> Success<LoggedIn<SystemUserView>> {
    let cookie = session.cookie();
    Success::new(message, session.map(SystemUserView::from)).cookie(cookie)
}

/// Ends the session of the refresh token, in the body or the cookie, or that of the access token where there is none.
#[utoipa::path(post, path = "/api/v1/platform/auth/logout", tag = "platform", security((), ("bearer" = [])), request_body = Option<PresentedToken>,
    responses((status = 204)))]
async fn log_out_system_user(
    cookies: RefreshCookies,
    request: HttpRequest,
    body: OptionalJson<PresentedToken>,
) -> Result<HttpResponse, ApiError> {
    let given = body.0.unwrap_or_default();
    if given.is_there() || cookies.any() {
        let visitor = PlatformVisitor::extract(&request).await?;
        if let Some(cleared) = visitor.log_out(&given).await? {
            let mut response = HttpResponse::NoContent();
            return Ok(response.insert_header((SET_COOKIE, cleared)).finish());
        }
    }
    SystemCaller::extract(&request).await?.log_out().await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Ends all of the caller's sessions.
#[utoipa::path(post, path = "/api/v1/platform/auth/logout-all", tag = "platform", responses((status = 204)))]
async fn log_out_system_user_everywhere(
    mut caller: SystemCaller,
) -> Result<HttpResponse, ApiError> {
    caller.log_out_everywhere().await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Changes the caller's password, and ends their other sessions.
#[utoipa::path(post, path = "/api/v1/platform/auth/change-password", tag = "platform", request_body = PasswordChange, responses((status = 204)))]
async fn change_system_user_password(
    mut caller: SystemCaller,
    visit: Visit,
    (platform, identity): (Data<Platform>, Data<Identity>),
    change: StrictJson<PasswordChange>,
) -> Result<HttpResponse, ApiError> {
    let attempts = identity.attempts();
    caller
        .change_password(&platform, attempts, &visit, &change)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The system user that the token belongs to.
#[utoipa::path(get, path = "/api/v1/platform/auth/me", tag = "platform", responses((status = 200, body = Success<SystemUserView>)))]
async fn show_system_user(caller: SystemCaller) -> Success<SystemUserView> {
    Success::new("you", caller.user().clone().into())
}
