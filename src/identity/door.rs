//! The door of a tenant: which tenant a request is for, resolved once, from the path's slug or from `X-Tenant-ID`.

use std::future::{Ready, ready};
use std::ops::Deref;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use platform_schema::TenantKey;
use utoipa::IntoParams;

use crate::error::{ApiError, Code};
use crate::http::RequestContext;
use crate::platform::Platform;
use crate::tenancy::{ServedTenant, TenantPools};

/// The header that names a tenant where the path does not: a tenant id, `tenant_<id>`, or a slug.
const TENANT_HEADER: &str = "X-Tenant-ID";

/// The platform behind a request.
///
/// # Errors
/// `internal` where the server was put together without one.
pub fn platform(request: &HttpRequest) -> Result<&web::Data<Platform>, ApiError> {
    let data = request.app_data::<web::Data<Platform>>();
    data.ok_or_else(|| ApiError::internal("the application has no platform"))
}

/// The pools as the request sees them: its leases are settled before its answer leaves.
///
/// # Errors
/// As [`platform`], and `internal` for a request that passed no middleware.
pub fn pools(request: &HttpRequest) -> Result<TenantPools, ApiError> {
    let context = RequestContext::of(request)?;
    let pools = &platform(request)?.pools;
    Ok(pools.for_request(|| context.ledger().clone()))
}

/// What names the tenant that a request is about rather than to: the path, or `X-Tenant-ID` where the path names none. There need
/// be no such tenant.
///
/// Refused are: no name at all (400 `bad_request`), what could be no tenant's name (404 `tenant_not_found`).
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct NamedTenant {
    /// Id, schema name or slug.
    #[param(value_type = String)]
    tenant: TenantKey,
}

impl Deref for NamedTenant {
    type Target = TenantKey;

    fn deref(&self) -> &TenantKey {
        &self.tenant
    }
}

impl FromRequest for NamedTenant {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let in_path = request.match_info().get("tenant").map(Ok);
        let name = in_path.unwrap_or_else(|| header(request)?.ok_or_else(unnamed));
        ready(name.and_then(key).map(|tenant| Self { tenant }))
    }
}

/// The tenant that the request is for, if it serves requests now.
///
/// # Errors
/// `tenant_not_found` for a name that nobody has or could have; `bad_request` where path and header disagree, or neither
/// names a tenant; what the tenant's status says; `rate_limited` beyond the
/// rate of the tenant's plan.
pub async fn tenant(request: &HttpRequest) -> Result<Arc<ServedTenant>, ApiError> {
    let Platform {
        registry, rates, ..
    } = platform(request)?.get_ref();
    let in_path = request.match_info().get("slug").map(key).transpose()?;
    let in_header = header(request)?.map(key).transpose()?;
    let tenant = match (&in_path, &in_header) {
        (None, None) => return Err(unnamed()),
        (Some(key), _) | (None, Some(key)) => registry.resolve(key).await?,
    };
    if let (Some(_), Some(header)) = (&in_path, &in_header)
        && registry.resolve(header).await?.id != tenant.id
    {
        return Err(ApiError::new(Code::BadRequest)
            .detail("the path and the header `X-Tenant-ID` name different tenants"));
    }
    let context = RequestContext::of(request)?;
    context.record_tenant(&tenant);
    let taken = rates.take(&tenant).await;
    if let Some(standing) = taken.unwrap_or_else(|limited| Some(limited.0.standing())) {
        context.record_rate(standing);
    }
    Ok(taken.map(|_| tenant)?)
}

fn unnamed() -> ApiError {
    let detail = "no tenant is named (hint: send the header `X-Tenant-ID`, or use `/api/v1/tenants/{slug}/…`)";
    ApiError::new(Code::BadRequest).detail(detail)
}

fn key(text: &str) -> Result<TenantKey, ApiError> {
    text.parse().or(Err(ApiError::new(Code::TenantNotFound)))
}

fn header(request: &HttpRequest) -> Result<Option<&str>, ApiError> {
    let mut values = request.headers().get_all(TENANT_HEADER);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(
            ApiError::new(Code::BadRequest).detail("the header `X-Tenant-ID` is given twice")
        );
    }
    value
        .to_str()
        .map(Some)
        .or(Err(ApiError::new(Code::TenantNotFound)))
}
