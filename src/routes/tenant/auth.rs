//! Routes by which tenant users log in, and are known.

use actix_web::HttpResponse;
use actix_web::web::{Data, ServiceConfig};
use platform_schema::{Tenant, TenantId, TenantSlug};
use serde::Serialize;
use tenant_schema::identity::User;
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

use super::users::UserView;
use crate::error::ApiError;
use crate::http::Methods;
use crate::identity::login::{LoggedIn, TenantCredentials};
use crate::identity::password_change::PasswordChange;
use crate::identity::refresh_cookie::TokenTransport;
use crate::identity::rotation::PresentedToken;
use crate::identity::signed_in::SignedIn;
use crate::identity::visit::Visit;
use crate::identity::visitor::Visitor;
use crate::platform::Platform;
use crate::resource::{OptionalJson, StrictJson, Success};

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(log_in_user, refresh_user, change_password, show_me, test_token))]
pub struct Documentation;

/// Mounts the routes.
pub fn configure(scope: &mut ServiceConfig) {
    scope
        .service(Methods::at("/auth/login").post(log_in_user))
        .service(Methods::at("/auth/refresh").post(refresh_user))
        .service(Methods::at("/auth/change-password").post(change_password))
        .service(Methods::at("/auth/me").get(show_me))
        .service(Methods::at("/auth/test").get(test_token));
}

/// The caller, with what they may do.
#[derive(Debug, Serialize, ToSchema)]
struct MeView {
    id: Uuid,
    email: String,
    username: String,
    first_name: Option<String>,
    last_name: Option<String>,
    display_name: String,
    roles: Vec<String>,
    /// Names of all permissions that the caller has, without wildcards.
    permissions: Vec<String>,
    tenant: TenantReference,
}

/// Whose the credentials are.
#[derive(Debug, Serialize, ToSchema)]
struct TestView {
    /// Always true.
    authenticated: bool,
    user_id: Uuid,
    tenant: TenantReference,
}

/// The tenant that the caller belongs to.
#[derive(Debug, Serialize, ToSchema)]
struct TenantReference {
    id: TenantId,
    slug: TenantSlug,
}

/// Logs a tenant user in, by user name or e-mail address.
#[utoipa::path(post, path = "/auth/login", tag = "auth", security(()), request_body = TenantCredentials,
    params(("X-Token-Transport" = inline(Option<TokenTransport>), Header, description = "`cookie` has the refresh token set as a cookie.")),
    responses((status = 200, body = Success<LoggedIn<UserView>>)))]
async fn log_in_user(
    visitor: Visitor,
    credentials: StrictJson<TenantCredentials>,
) -> Result<Success<LoggedIn<UserView>>, ApiError> {
    let session = visitor.log_in(credentials.into_inner()).await?;
    Ok(shown("logged in", session))
}

/// Gives the next pair of tokens for a refresh token. A token that is given again yields the same refresh token, until that
/// one is used; then it ends the session.
#[utoipa::path(post, path = "/auth/refresh", tag = "auth", security(()), request_body = Option<PresentedToken>,
    responses((status = 200, body = Success<LoggedIn<UserView>>)))]
async fn refresh_user(
    visitor: Visitor,
    presented: OptionalJson<PresentedToken>,
) -> Result<Success<LoggedIn<UserView>>, ApiError> {
    let session = visitor.refresh(&presented.0.unwrap_or_default()).await?;
    Ok(shown("refreshed", session))
}

fn shown(
    message: &'static str,
    session: LoggedIn<(User, Vec<String>)>,
) -> Success<LoggedIn<UserView>> {
    let cookie = session.cookie();
    let session = session.map(|(user, roles)| UserView::new(user, roles));
    Success::new(message, session).cookie(cookie)
}

/// Changes the caller's password, and ends their other sessions.
#[utoipa::path(post, path = "/auth/change-password", tag = "auth", request_body = PasswordChange, responses((status = 204)))]
async fn change_password(
    caller: SignedIn,
    visit: Visit,
    platform: Data<Platform>,
    change: StrictJson<PasswordChange>,
) -> Result<HttpResponse, ApiError> {
    caller.change_password(&platform, &visit, &change).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The user that the token belongs to.
#[utoipa::path(get, path = "/auth/me", tag = "auth", responses((status = 200, body = Success<MeView>)))]
async fn show_me(caller: SignedIn) -> Success<MeView> {
    Success::new("you", MeView::of(&caller))
}

/// Whether the credentials are good: who is not authenticated gets 401.
#[utoipa::path(get, path = "/auth/test", tag = "auth", responses((status = 200, body = Success<TestView>)))]
async fn test_token(caller: SignedIn) -> Success<TestView> {
    let view = TestView {
        authenticated: true,
        user_id: caller.access().user.id,
        tenant: TenantReference::of(caller.tenant()),
    };
    Success::new("your credentials are good", view)
}

impl TenantReference {
    fn of(tenant: &Tenant) -> Self {
        Self {
            id: tenant.id.clone(),
            slug: tenant.slug.clone(),
        }
    }
}

impl MeView {
    fn of(caller: &SignedIn) -> Self {
        let (user, tenant) = (&caller.access().user, caller.tenant());
        Self {
            id: user.id,
            email: user.email.clone(),
            username: user.username.clone(),
            first_name: user.first_name.clone(),
            last_name: user.last_name.clone(),
            display_name: user.display_name(),
            roles: caller.access().roles.clone(),
            permissions: caller.permissions(),
            tenant: TenantReference::of(tenant),
        }
    }
}
