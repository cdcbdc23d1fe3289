//! Routes of the tenant registry, for system users.

pub mod act_as;
mod body;
pub mod plan;
pub mod schema;
pub mod suspension;
pub mod verification;

use actix_web::web::{Data, ServiceConfig};
use platform_schema::{Tenant, TenantFilter, TenantSortKey, TenantStatus};
use utoipa::OpenApi;

use crate::error::{ApiError, Code};
use crate::http::Methods;
use crate::identity::door::NamedTenant;
use crate::identity::system_caller::{
    PlatformAuthorized, TenantsCreate, TenantsInitialize, TenantsRead,
};
use crate::platform::Platform;
use crate::provisioner::order::{ProvisionedTenant, TenantView};
use crate::resource::{
    FromQuery, IdempotencyHeader, List, PageRequest, QueryParameters, StrictJson, StrictQuery,
    Success,
};
use body::CreateTenant;

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    list_tenants,
    create_tenant,
    show_tenant,
    initialize_tenant,
    initialize_tenant_by_header
))]
pub struct Documentation;

/// Mounts the routes under `/api/v1/tenants`.
pub fn configure(app: &mut ServiceConfig) {
    app.service(
        Methods::at("/api/v1/tenants")
            .get(list_tenants)
            .post(create_tenant),
    )
    .service(Methods::at("/api/v1/tenants/{tenant}").get(show_tenant))
    .service(Methods::at("/api/v1/tenants/{tenant}/initialize").post(initialize_tenant))
    .configure(schema::configure)
    .configure(plan::configure)
    .configure(act_as::configure)
    .configure(suspension::configure)
    .configure(verification::configure);
}

/// Mounts the routes that name the tenant in `X-Tenant-ID`.
pub fn configure_by_header(scope: &mut ServiceConfig) {
    scope
        .service(Methods::at("/auth/initialize-tenant").post(initialize_tenant_by_header))
        .configure(verification::configure_by_header);
}

/// Which tenants to list.
#[derive(Debug)]
struct TenantQuery {
    page: PageRequest,
    sort: TenantSortKey,
    filter: TenantFilter,
}

impl FromQuery for TenantQuery {
    fn from_query(query: &mut QueryParameters) -> Result<Self, ApiError> {
        Ok(Self {
            page: query.page()?,
            sort: query.parsed("sort")?.unwrap_or(TenantSortKey::Slug),
            filter: TenantFilter {
                search: query.text("q")?,
                status: query.parsed("status")?,
            },
        })
    }
}

/// Lists the tenants.
#[utoipa::path(get, path = "/api/v1/tenants", tag = "tenants", responses((status = 200, body = List<TenantView>)),
    params(PageRequest, ("sort" = inline(Option<TenantSortKey>), Query), ("q" = Option<String>, Query, description = "Part of the slug or the name."), ("status" = Option<TenantStatus>, Query)))]
async fn list_tenants(
    caller: PlatformAuthorized<TenantsRead>,
    query: StrictQuery<TenantQuery>,
) -> Result<List<TenantView>, ApiError> {
    let (page, filter) = (query.page, &query.filter);
    let rows = Tenant::list(
        filter,
        query.sort,
        page.limit(),
        page.offset(),
        caller.conn(),
    );
    let (rows, total) = futures_util::try_join!(rows, Tenant::count(filter, caller.conn()))?;
    Ok(List::new(
        "tenants",
        rows.into_iter().map(TenantView::from).collect(),
        page,
        total,
    ))
}

/// Provisions a tenant: schema, role, tables, seeds and first admin.
#[utoipa::path(post, path = "/api/v1/tenants", tag = "tenants", request_body = CreateTenant,
    params(("Idempotency-Key" = String, Header, description = "A repetition with the same key gets the same answer.")),
    responses((status = 201, body = Success<ProvisionedTenant>)))]
async fn create_tenant(
    caller: PlatformAuthorized<TenantsCreate>,
    platform: Data<Platform>,
    key: IdempotencyHeader,
    body: StrictJson<CreateTenant>,
) -> Result<Success<ProvisionedTenant>, ApiError> {
    let order = body.into_inner().order(caller, key, &platform).await?;
    let created = platform.provisioner.create(&order).await?;
    Ok(Success::created(
        "the tenant was provisioned",
        format!("/api/v1/tenants/{}", created.tenant.id),
        created,
    ))
}

/// Shows a tenant.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}", tag = "tenants", params(NamedTenant),
    responses((status = 200, body = Success<TenantView>)))]
async fn show_tenant(
    caller: PlatformAuthorized<TenantsRead>,
    tenant: NamedTenant,
) -> Result<Success<TenantView>, ApiError> {
    let found = Tenant::find_by_key(&tenant, caller.conn()).await?;
    let found = found
        .filter(|tenant| tenant.status != TenantStatus::Purged)
        .ok_or(Code::TenantNotFound)?;
    Ok(Success::new("the tenant", found.into()))
}

/// Builds or repairs a tenant's schema. Repeating it changes nothing.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/initialize", tag = "tenants", params(NamedTenant),
    responses((status = 200, body = Success<ProvisionedTenant>)))]
async fn initialize_tenant(
    caller: PlatformAuthorized<TenantsInitialize>,
    platform: Data<Platform>,
    tenant: NamedTenant,
) -> Result<Success<ProvisionedTenant>, ApiError> {
    let initialized = platform
        .provisioner
        .initialize(&tenant, &caller.into_requester())
        .await?;
    Ok(Success::new("the tenant is initialized", initialized))
}

/// As `initialize`, for the tenant that `X-Tenant-ID` names.
#[utoipa::path(post, path = "/api/v1/auth/initialize-tenant", tag = "tenants", params(("X-Tenant-ID" = String, Header, description = "Id, schema name or slug.")),
    responses((status = 200, body = Success<ProvisionedTenant>)))]
async fn initialize_tenant_by_header(
    caller: PlatformAuthorized<TenantsInitialize>,
    platform: Data<Platform>,
    tenant: NamedTenant,
) -> Result<Success<ProvisionedTenant>, ApiError> {
    initialize_tenant(caller, platform, tenant).await
}
