//! Route of a tenant's schema as it is now, for system users.

use actix_web::web::{Data, ServiceConfig};
use utoipa::OpenApi;

use crate::error::ApiError;
use crate::http::Methods;
use crate::identity::door::NamedTenant;
use crate::identity::system_caller::{PlatformAuthorized, TenantsRead};
use crate::platform::Platform;
use crate::provisioner::inventory::Inventory;
use crate::resource::Success;

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(show_tenant_schema))]
pub struct Documentation;

/// Mounts the route under `/api/v1/tenants`.
pub fn configure(app: &mut ServiceConfig) {
    app.service(Methods::at("/api/v1/tenants/{tenant}/schema").get(show_tenant_schema));
}

/// Shows what a tenant's schema is like: its tables with rows and bytes, and whether it is that of the models.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/schema", tag = "tenants", params(NamedTenant),
    responses((status = 200, body = Success<Inventory>)))]
async fn show_tenant_schema(
    caller: PlatformAuthorized<TenantsRead>,
    platform: Data<Platform>,
    tenant: NamedTenant,
) -> Result<Success<Inventory>, ApiError> {
    // The inventory has a connection of its own.
    drop(caller);
    let inventory = platform.provisioner.inventory(&tenant).await?;
    Ok(Success::new("the tenant's schema", inventory))
}
