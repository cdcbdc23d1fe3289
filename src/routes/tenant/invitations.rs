//! The route by which an admin has a link mailed to a user, to set a password that the admin never sees.

use actix_web::web::{Data, ServiceConfig};
use utoipa::OpenApi;

use crate::error::ApiError;
use crate::http::Methods;
use crate::identity::authorized::Authorized;
use crate::identity::permission::UsersUpdate;
use crate::platform::Platform;
use crate::resource::{Nothing, PathId, Success};

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(invite_user))]
pub struct Documentation;

/// Mounts the route.
pub fn configure(scope: &mut ServiceConfig) {
    scope.service(Methods::at("/users/{id}/invitation").post(invite_user));
}

/// Mails a user a link to set their first password, or a new one. The one they have stays until then; links before it are void.
#[utoipa::path(post, path = "/users/{id}/invitation", tag = "users", params(("id" = Uuid, Path)), responses((status = 202, body = Success<Nothing>)))]
async fn invite_user(
    mut caller: Authorized<UsersUpdate>,
    platform: Data<Platform>,
    id: PathId,
) -> Result<Success<Nothing>, ApiError> {
    caller.invite(*id, &platform).await?;
    Ok(Success::accepted(
        "a link is on its way to the user",
        Nothing,
    ))
}
