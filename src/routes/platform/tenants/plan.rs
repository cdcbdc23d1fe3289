//! Route of a tenant's plan, for system users: what an upgrade would do.

use actix_web::web::{Data, ServiceConfig};
use utoipa::OpenApi;

use crate::error::ApiError;
use crate::http::Methods;
use crate::identity::door::NamedTenant;
use crate::identity::system_caller::{PlatformAuthorized, TenantsRead};
use crate::platform::Platform;
use crate::provisioner::plan::Plan;
use crate::provisioner::planner::PlanOptions;
use crate::resource::Success;

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(show_tenant_plan))]
pub struct Documentation;

/// Mounts the route under `/api/v1/tenants`.
pub fn configure(app: &mut ServiceConfig) {
    app.service(Methods::at("/api/v1/tenants/{tenant}/plan").get(show_tenant_plan));
}

/// Shows what an upgrade of a tenant would do, step by step. Nothing is changed.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/plan", tag = "tenants", params(NamedTenant),
    responses((status = 200, body = Success<Plan>)))]
async fn show_tenant_plan(
    caller: PlatformAuthorized<TenantsRead>,
    platform: Data<Platform>,
    tenant: NamedTenant,
) -> Result<Success<Plan>, ApiError> {
    // The planner has a connection of its own.
    drop(caller);
    let plan = platform
        .provisioner
        .plan_tenant(&tenant, &PlanOptions::default())
        .await?;
    Ok(Success::new("the tenant's plan", plan))
}
