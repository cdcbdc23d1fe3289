//! Routes of API keys. They belong to the caller; another user's are listed and revoked by who may change users.

mod body;
mod view;

use actix_web::HttpResponse;
use actix_web::web::ServiceConfig;
use platform_schema::Tenant;
use tenant_schema::identity::ApiKey;
use utoipa::{IntoParams, OpenApi};
use uuid::Uuid;

use crate::error::ApiError;
use crate::http::Methods;
use crate::identity::authorized::Authorized;
use crate::identity::permission::{
    ApiKeysCreate, ApiKeysDelete, ApiKeysRead, ApiKeysUpdate, Permission, UsersUpdate,
};
use crate::resource::{
    FromQuery, KeptAnswer, List, OptionalJson, PageRequest, PathId, QueryParameters,
    RepeatableJson, StrictQuery, Success,
};
use body::{CreateApiKey, RotateApiKey};
use view::{ApiKeyView, NewApiKeyView};

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(list_api_keys, create_api_key, revoke_api_key, rotate_api_key))]
pub struct Documentation;

/// Mounts the routes.
pub fn configure(scope: &mut ServiceConfig) {
    scope
        .service(
            Methods::at("/api-keys")
                .get(list_api_keys)
                .post(create_api_key),
        )
        .service(Methods::at("/api-keys/{id}").delete(revoke_api_key))
        .service(Methods::at("/api-keys/{id}/rotate").post(rotate_api_key));
}

/// Lists the caller's API keys, the newest first, revoked ones as well.
#[utoipa::path(get, path = "/api-keys", tag = "api keys", params(PageRequest, ApiKeyParameters), responses((status = 200, body = List<ApiKeyView>)))]
async fn list_api_keys(
    caller: Authorized<ApiKeysRead>,
    query: StrictQuery<ApiKeyQuery>,
) -> Result<List<ApiKeyView>, ApiError> {
    let (own, page) = (caller.access().user.id, query.page);
    let owner = query.user_id.unwrap_or(own);
    if owner != own {
        caller.require(UsersUpdate::NAME)?;
    }
    let conn = caller.conn().await?;
    let keys = ApiKey::list(owner, page.limit(), page.offset(), conn);
    let (keys, total) = futures_util::try_join!(keys, ApiKey::count(owner, conn))?;
    let shown = keys.into_iter().map(ApiKeyView::from).collect();
    Ok(List::new("API keys", shown, page, total))
}

/// Makes an API key. The key is shown this once.
#[utoipa::path(post, path = "/api-keys", tag = "api keys", request_body = CreateApiKey,
    params(("Idempotency-Key" = Option<String>, Header, description = "A repetition with the same key gets the same answer, for a day.")),
    responses((status = 201, body = Success<NewApiKeyView>)))]
async fn create_api_key(
    mut caller: Authorized<ApiKeysCreate>,
    body: RepeatableJson<CreateApiKey>,
) -> Result<KeptAnswer, ApiError> {
    let (body, request) = body.into_parts();
    let order = body.check()?;
    let show = |tenant: &Tenant, (key, secret)| NewApiKeyView::created(tenant, key, &secret);
    caller.create_api_key(&order, request.as_ref(), show).await
}

/// Revokes an API key. Its row stays, for those who read what was done with it.
#[utoipa::path(delete, path = "/api-keys/{id}", tag = "api keys", params(("id" = Uuid, Path)), responses((status = 204)))]
async fn revoke_api_key(
    mut caller: Authorized<ApiKeysDelete>,
    id: PathId,
) -> Result<HttpResponse, ApiError> {
    caller.revoke_api_key(*id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Replaces an API key of the caller by a new one of the same scopes. The old one ends after the overlap.
#[utoipa::path(post, path = "/api-keys/{id}/rotate", tag = "api keys", params(("id" = Uuid, Path)), request_body = Option<RotateApiKey>,
    responses((status = 201, body = Success<NewApiKeyView>)))]
async fn rotate_api_key(
    mut caller: Authorized<ApiKeysUpdate>,
    id: PathId,
    body: OptionalJson<RotateApiKey>,
) -> Result<Success<NewApiKeyView>, ApiError> {
    let overlap = body.0.unwrap_or_default().check()?;
    let (key, secret) = caller.rotate_api_key(*id, overlap).await?;
    Ok(NewApiKeyView::created(caller.tenant(), key, &secret))
}

/// Which keys to list.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the documentation reads it")]
struct ApiKeyParameters {
    /// Whose keys; without it, the caller's. Another user's take the permission `users.update`.
    user_id: Option<Uuid>,
}

/// Which keys to list.
#[derive(Debug)]
struct ApiKeyQuery {
    user_id: Option<Uuid>,
    page: PageRequest,
}

impl FromQuery for ApiKeyQuery {
    fn from_query(query: &mut QueryParameters) -> Result<Self, ApiError> {
        Ok(Self {
            user_id: query.parsed("user_id")?,
            page: query.page()?,
        })
    }
}
