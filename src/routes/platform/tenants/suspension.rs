//! Routes that suspend tenants and resume them, for system users.

use actix_web::web::{Data, ServiceConfig};
use utoipa::OpenApi;

use crate::error::ApiError;
use crate::http::Methods;
use crate::identity::door::NamedTenant;
use crate::identity::system_caller::{PlatformAuthorized, TenantsSuspend};
use crate::platform::Platform;
use crate::provisioner::order::TenantView;
use crate::resource::Success;

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(suspend_tenant, resume_tenant))]
pub struct Documentation;

/// Mounts the routes under `/api/v1/tenants`.
pub fn configure(app: &mut ServiceConfig) {
    app.service(Methods::at("/api/v1/tenants/{tenant}/suspend").post(suspend_tenant))
        .service(Methods::at("/api/v1/tenants/{tenant}/resume").post(resume_tenant));
}

/// Suspends an active tenant: its users get 403 `tenant_suspended`, and its data stay as they are. Repeating it changes nothing.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/suspend", tag = "tenants", params(NamedTenant),
    responses((status = 200, body = Success<TenantView>)))]
async fn suspend_tenant(
    caller: PlatformAuthorized<TenantsSuspend>,
    platform: Data<Platform>,
    tenant: NamedTenant,
) -> Result<Success<TenantView>, ApiError> {
    let requester = caller.into_requester();
    let suspended = platform.provisioner.suspend(&tenant, &requester).await?;
    platform.registry.forget(&suspended);
    Ok(Success::new("the tenant is suspended", suspended.into()))
}

/// Resumes a suspended tenant: sessions are worth what they were. Repeating it changes nothing.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/resume", tag = "tenants", params(NamedTenant),
    responses((status = 200, body = Success<TenantView>)))]
async fn resume_tenant(
    caller: PlatformAuthorized<TenantsSuspend>,
    platform: Data<Platform>,
    tenant: NamedTenant,
) -> Result<Success<TenantView>, ApiError> {
    let requester = caller.into_requester();
    let resumed = platform.provisioner.resume(&tenant, &requester).await?;
    platform.registry.forget(&resumed);
    Ok(Success::new("the tenant is active", resumed.into()))
}
