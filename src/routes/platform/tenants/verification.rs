//! Routes that compare a tenant's schema with the models, for system users.

use actix_web::web::{Data, ServiceConfig};
use utoipa::OpenApi;

use crate::error::ApiError;
use crate::http::Methods;
use crate::identity::door::NamedTenant;
use crate::identity::system_caller::{PlatformAuthorized, TenantsVerify};
use crate::platform::Platform;
use crate::provisioner::verify::Verification;
use crate::resource::Success;

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(verify_tenant, verify_tenant_by_header))]
pub struct Documentation;

/// Mounts the route under `/api/v1/tenants`.
pub fn configure(app: &mut ServiceConfig) {
    app.service(Methods::at("/api/v1/tenants/{tenant}/verify").post(verify_tenant));
}

/// Mounts the route that names the tenant in `X-Tenant-ID`.
pub fn configure_by_header(scope: &mut ServiceConfig) {
    scope.service(Methods::at("/auth/verify-tenant").post(verify_tenant_by_header));
}

/// Compares a tenant's schema with the models, object by object. Nothing is changed.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/verify", tag = "tenants", params(NamedTenant),
    responses((status = 200, body = Success<Verification>)))]
async fn verify_tenant(
    caller: PlatformAuthorized<TenantsVerify>,
    platform: Data<Platform>,
    tenant: NamedTenant,
) -> Result<Success<Verification>, ApiError> {
    // Verifying has a connection of its own.
    drop(caller);
    let verification = platform.provisioner.verify(&tenant).await?;
    Ok(Success::new("the tenant was verified", verification))
}

/// As `verify`, for the tenant that `X-Tenant-ID` names.
#[utoipa::path(post, path = "/api/v1/auth/verify-tenant", tag = "tenants", params(("X-Tenant-ID" = String, Header, description = "Id, schema name or slug.")),
    responses((status = 200, body = Success<Verification>)))]
async fn verify_tenant_by_header(
    caller: PlatformAuthorized<TenantsVerify>,
    platform: Data<Platform>,
    tenant: NamedTenant,
) -> Result<Success<Verification>, ApiError> {
    verify_tenant(caller, platform, tenant).await
}
