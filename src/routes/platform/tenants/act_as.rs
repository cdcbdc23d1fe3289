//! The route by which a system user acts as a user of a tenant.

use actix_web::web::{Data, ServiceConfig};
use utoipa::OpenApi;

use crate::error::ApiError;
use crate::http::Methods;
use crate::identity::Identity;
use crate::identity::act_as::{ActAs, ActingToken};
use crate::identity::actor::Actor;
use crate::identity::door::NamedTenant;
use crate::identity::system_caller::{PlatformAuthorized, TenantsActAs};
use crate::platform::Platform;
use crate::resource::{StrictJson, Success};

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(act_as_user))]
pub struct Documentation;

/// Mounts the routes under `/api/v1/tenants`.
pub fn configure(app: &mut ServiceConfig) {
    app.service(Methods::at("/api/v1/tenants/{tenant}/act-as").post(act_as_user));
}

/// Gives a token to act as a user of a tenant, for a time and a reason. The tenant sees the session, can end it, and can forbid
/// them all. What is done with the token is recorded as done by the system user.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/act-as", tag = "tenants", params(NamedTenant),
    request_body = ActAs, responses((status = 200, body = Success<ActingToken>)))]
async fn act_as_user(
    caller: PlatformAuthorized<TenantsActAs>,
    (platform, identity): (Data<Platform>, Data<Identity>),
    tenant: NamedTenant,
    actor: Actor,
    order: StrictJson<ActAs>,
) -> Result<Success<ActingToken>, ApiError> {
    let requester = caller.into_requester();
    let acting = identity.act_as(&platform, &tenant, &order, (&requester, &actor));
    Ok(Success::new("you act as the user", acting.await?))
}
