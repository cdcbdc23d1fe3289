//! The route that lets a user in who is kept waiting by failed logins.

use actix_web::HttpResponse;
use actix_web::web::ServiceConfig;
use utoipa::OpenApi;

use crate::error::ApiError;
use crate::http::Methods;
use crate::identity::authorized::Authorized;
use crate::identity::permission::UsersUpdate;
use crate::resource::PathId;

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(unlock_user))]
pub struct Documentation;

/// Mounts the route.
pub fn configure(scope: &mut ServiceConfig) {
    scope.service(Methods::at("/users/{id}/unlock").post(unlock_user));
}

/// Forgets the failed logins of a user, so that they need not wait.
#[utoipa::path(post, path = "/users/{id}/unlock", tag = "users", params(("id" = Uuid, Path)), responses((status = 204)))]
async fn unlock_user(
    mut caller: Authorized<UsersUpdate>,
    id: PathId,
) -> Result<HttpResponse, ApiError> {
    caller.unlock(*id).await?;
    Ok(HttpResponse::NoContent().finish())
}
