//! Routes of the bootstrap: the first system admin, made with the one-time token.

use actix_web::web::{Data, ServiceConfig};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use utoipa::{OpenApi, ToSchema};

use super::auth::SystemUserView;
use crate::error::{ApiError, Code};
use crate::http::Methods;
use crate::identity::bootstrap::{self, BootstrapError};
use crate::identity::email;
use crate::identity::visit::Visit;
use crate::pepper::password::Password;
use crate::platform::Platform;
use crate::resource::{StrictJson, Success, Validation};

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(bootstrap_platform))]
pub struct Documentation;

/// Mounts the routes.
pub fn configure(scope: &mut ServiceConfig) {
    scope.service(Methods::at("/bootstrap").post(bootstrap_platform));
}

/// The first system admin.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Bootstrap {
    /// The token that the server printed at its first start.
    #[schema(value_type = String)]
    token: SecretString,
    /// E-mail address to log in with.
    email: String,
    /// At least 8 characters.
    #[schema(value_type = String, format = Password, min_length = 8)]
    password: SecretString,
}

/// Creates the first system admin. Works once.
#[utoipa::path(post, path = "/api/v1/platform/bootstrap", tag = "platform", security(()), request_body = Bootstrap,
    responses((status = 201, body = Success<SystemUserView>)))]
async fn bootstrap_platform(
    visit: Visit,
    platform: Data<Platform>,
    body: StrictJson<Bootstrap>,
) -> Result<Success<SystemUserView>, ApiError> {
    let (address, password) = body.check()?;
    let mut conn = platform.pools.platform().await?;
    let token = body.token.expose_secret();
    let (hasher, requester) = (&platform.hasher, visit.requester());
    let admin = bootstrap::redeem(token, address, &password, hasher, &requester, &mut conn)
        .await
        .map_err(refused)?;
    conn.finish().await?;
    Ok(Success::created(
        "the first system admin was created",
        "/api/v1/platform/auth/me",
        admin.into(),
    ))
}

impl Bootstrap {
    fn check(&self) -> Result<(String, Password), ApiError> {
        let mut validation = Validation::new();
        let address = validation.take("email", email::normalize(&self.email));
        let password = validation.take(
            "password",
            Password::parse_new(self.password.expose_secret().to_owned()),
        );
        validation.finish()?;
        address
            .zip(password)
            .ok_or_else(|| ApiError::new(Code::ValidationFailed))
    }
}

fn refused(error: BootstrapError) -> ApiError {
    match error {
        BootstrapError::InvalidToken => {
            ApiError::new(Code::InvalidCredentials).detail("the bootstrap token is not valid")
        }
        BootstrapError::AlreadyDone => {
            ApiError::new(Code::Conflict).detail("the platform has a system user already")
        }
        BootstrapError::Password(error) => error.into(),
        error => ApiError::internal(error),
    }
}
