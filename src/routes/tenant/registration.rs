//! The route by which people become users by themselves.

use actix_web::web::ServiceConfig;
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::{OpenApi, ToSchema};

use super::users::CreateUser;
use crate::error::ApiError;
use crate::http::Methods;
use crate::identity::visitor::Visitor;
use crate::resource::{Nothing, StrictJson, Success};

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(register))]
pub struct Documentation;

/// Mounts the route.
pub fn configure(scope: &mut ServiceConfig) {
    scope.service(Methods::at("/auth/register").post(register));
}

/// Who registers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Registration {
    email: String,
    username: String,
    #[schema(value_type = String, format = Password, min_length = 8)]
    password: SecretString,
    first_name: Option<String>,
    last_name: Option<String>,
    /// A time zone of the IANA database; without it, the tenant's setting `users.default_timezone`.
    timezone: Option<String>,
}

/// Makes somebody a user, with the role of the tenant's setting `users.default_role`, where `registration.enabled` allows it,
/// and mails them a link to prove their address. The answer is the same where the address has a user already, who is told by
/// mail.
#[utoipa::path(post, path = "/auth/register", tag = "auth", security(()), request_body = Registration, responses((status = 202, body = Success<Nothing>)))]
async fn register(
    visitor: Visitor,
    registration: StrictJson<Registration>,
) -> Result<Success<Nothing>, ApiError> {
    visitor.may_register().await?;
    let body = CreateUser::from(registration.into_inner());
    let hasher = &visitor.platform().hasher;
    let (new, _) = body.into_new_user(visitor.tenant(), hasher).await?;
    visitor.register(new).await?;
    Ok(Success::accepted("look into your mail", Nothing))
}

impl From<Registration> for CreateUser {
    fn from(registration: Registration) -> Self {
        Self {
            email: registration.email,
            username: registration.username,
            password: Some(registration.password),
            first_name: registration.first_name,
            last_name: registration.last_name,
            middle_name: None,
            image: None,
            timezone: registration.timezone,
            roles: Vec::new(),
        }
    }
}
