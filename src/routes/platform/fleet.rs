//! Routes of the fleet, for system users: what is in use by all tenants together.

use actix_web::web::{Data, ServiceConfig};
use utoipa::OpenApi;

use crate::error::ApiError;
use crate::http::Methods;
use crate::identity::system_caller::{FleetRead, PlatformAuthorized};
use crate::platform::Platform;
use crate::resource::Success;
use crate::tenancy::pools::PoolsView;

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(show_pools))]
pub struct Documentation;

/// Mounts the routes under `/api/v1/fleet`.
pub fn configure(app: &mut ServiceConfig) {
    app.service(Methods::at("/api/v1/fleet/pools").get(show_pools));
}

/// Shows the connections of the process that answers, and the tenants that take most of them.
#[utoipa::path(get, path = "/api/v1/fleet/pools", tag = "fleet", responses((status = 200, body = Success<PoolsView>)))]
async fn show_pools(
    caller: PlatformAuthorized<FleetRead>,
    platform: Data<Platform>,
) -> Result<Success<PoolsView>, ApiError> {
    // The caller's own connection is none of those at work.
    caller.leave().await?;
    let view = platform.pools.view();
    Ok(Success::new("the connections of this process", view))
}
