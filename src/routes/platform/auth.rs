//! Routes of system users' sessions.

use actix_web::web::ServiceConfig;
use chrono::{DateTime, Utc};
use platform_schema::{SystemUser, SystemUserRole};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

use crate::error::ApiError;
use crate::http::Methods;
use crate::identity::login::{LoggedIn, PlatformCredentials};
use crate::identity::platform_visitor::PlatformVisitor;
use crate::identity::system_caller::SystemCaller;
use crate::resource::{StrictJson, Success};

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(log_in_system_user, show_system_user))]
pub struct Documentation;

/// Mounts the routes.
pub fn configure(scope: &mut ServiceConfig) {
    scope
        .service(Methods::at("/auth/login").post(log_in_system_user))
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
    responses((status = 200, body = Success<LoggedIn<SystemUserView>>)))]
async fn log_in_system_user(
    visitor: PlatformVisitor,
    credentials: StrictJson<PlatformCredentials>,
) -> Result<Success<LoggedIn<SystemUserView>>, ApiError> {
    let session = visitor.log_in(credentials.into_inner()).await?;
    Ok(Success::new("logged in", session.map(SystemUserView::from)))
}

/// The system user that the token belongs to.
#[utoipa::path(get, path = "/api/v1/platform/auth/me", tag = "platform", responses((status = 200, body = Success<SystemUserView>)))]
async fn show_system_user(caller: SystemCaller) -> Success<SystemUserView> {
    Success::new("you", caller.user().clone().into())
}
