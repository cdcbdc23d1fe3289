//! Routes by which somebody sets a password with a mailed link.

use actix_web::HttpResponse;
use actix_web::web::ServiceConfig;
use utoipa::OpenApi;

use crate::error::ApiError;
use crate::http::Methods;
use crate::identity::password_reset::{ForgottenPassword, PasswordReset};
use crate::identity::visitor::Visitor;
use crate::resource::{Nothing, StrictJson, Success};

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(forgot_password, reset_password))]
pub struct Documentation;

/// Mounts the routes.
pub fn configure(scope: &mut ServiceConfig) {
    scope
        .service(Methods::at("/auth/forgot-password").post(forgot_password))
        .service(Methods::at("/auth/reset-password").post(reset_password));
}

/// Mails a link that sets a new password to the user of an address. The answer is the same where there is none.
#[utoipa::path(post, path = "/auth/forgot-password", tag = "auth", security(()), request_body = ForgottenPassword,
    responses((status = 202, body = Success<Nothing>)))]
async fn forgot_password(
    visitor: Visitor,
    forgotten: StrictJson<ForgottenPassword>,
) -> Result<Success<Nothing>, ApiError> {
    visitor.forgot_password(&forgotten).await?;
    Ok(Success::accepted(
        "if somebody has this address, a link is on its way",
        Nothing,
    ))
}

/// Sets a password with the token of a mailed link, which works once: a new one, or the first one of somebody invited. All
/// sessions of the user end. It logs nobody in.
#[utoipa::path(post, path = "/auth/reset-password", tag = "auth", security(()), request_body = PasswordReset, responses((status = 204)))]
async fn reset_password(
    visitor: Visitor,
    reset: StrictJson<PasswordReset>,
) -> Result<HttpResponse, ApiError> {
    visitor.reset_password(&reset).await?;
    Ok(HttpResponse::NoContent().finish())
}
