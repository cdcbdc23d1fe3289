//! Routes by which users prove their addresses, and change them.

use actix_web::HttpResponse;
use actix_web::web::{Data, ServiceConfig};
use utoipa::OpenApi;

use crate::error::ApiError;
use crate::http::Methods;
use crate::identity::email_change::EmailChange;
use crate::identity::email_proof::{EmailProof, UnprovenEmail};
use crate::identity::signed_in::SignedIn;
use crate::identity::visit::Visit;
use crate::identity::visitor::Visitor;
use crate::platform::Platform;
use crate::resource::{Nothing, StrictJson, Success};

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(verify_email, resend_verification, change_email))]
pub struct Documentation;

/// Mounts the routes.
pub fn configure(scope: &mut ServiceConfig) {
    scope
        .service(Methods::at("/auth/verify-email").post(verify_email))
        .service(Methods::at("/auth/resend-verification").post(resend_verification))
        .service(Methods::at("/auth/change-email").post(change_email));
}

/// Proves an address with the token of a mailed link, which works once.
#[utoipa::path(post, path = "/auth/verify-email", tag = "auth", security(()), request_body = EmailProof, responses((status = 204)))]
async fn verify_email(
    visitor: Visitor,
    proof: StrictJson<EmailProof>,
) -> Result<HttpResponse, ApiError> {
    visitor.verify_email(&proof).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Mails another link to an address that is not proven yet. The answer is the same where nobody has the address.
#[utoipa::path(post, path = "/auth/resend-verification", tag = "auth", security(()), request_body = UnprovenEmail,
    responses((status = 202, body = Success<Nothing>)))]
async fn resend_verification(
    visitor: Visitor,
    unproven: StrictJson<UnprovenEmail>,
) -> Result<Success<Nothing>, ApiError> {
    visitor.resend_verification(&unproven).await?;
    Ok(Success::accepted(
        "if somebody has this address and has not proven it, a link is on its way",
        Nothing,
    ))
}

/// Mails a link to a new address of the caller, which takes the old one's place when the link is followed.
#[utoipa::path(post, path = "/auth/change-email", tag = "auth", request_body = EmailChange, responses((status = 202, body = Success<Nothing>)))]
async fn change_email(
    caller: SignedIn,
    visit: Visit,
    platform: Data<Platform>,
    change: StrictJson<EmailChange>,
) -> Result<Success<Nothing>, ApiError> {
    caller.change_email(&platform, &visit, &change).await?;
    Ok(Success::accepted(
        "a link is on its way to the new address",
        Nothing,
    ))
}
