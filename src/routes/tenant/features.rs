//! Routes of feature flags. What they read comes from memory.

mod body;
mod name;
mod view;

use actix_web::web::ServiceConfig;
use tenant_schema::settings::FeatureFlag;
use utoipa::OpenApi;

use crate::error::{ApiError, Code};
use crate::http::Methods;
use crate::identity::authorized::Authorized;
use crate::identity::permission::{FeaturesRead, FeaturesUpdate};
use crate::resource::{
    FromQuery, IfMatch, List, PageRequest, QueryParameters, StrictJson, StrictQuery, Success,
};
use body::SetFeature;
use name::FlagName;
use view::{FeatureView, etag};

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(list_features, find_feature, set_feature))]
pub struct Documentation;

/// Mounts the routes, which come before `settings/{key}`.
pub fn configure(scope: &mut ServiceConfig) {
    scope
        .service(Methods::at("/settings/features").get(list_features))
        .service(
            Methods::at("/settings/features/{flag}")
                .get(find_feature)
                .put(set_feature),
        );
}

/// Lists the feature flags in the order of their names, each with whether the caller has the feature.
#[utoipa::path(get, path = "/settings/features", tag = "settings", params(PageRequest), responses((status = 200, body = List<FeatureView>)))]
async fn list_features(
    caller: Authorized<FeaturesRead>,
    query: StrictQuery<FeatureQuery>,
) -> Result<List<FeatureView>, ApiError> {
    let (page, known) = (query.0.0, caller.tenant_settings().await?);
    let total = i64::try_from(known.flags().len()).unwrap_or(i64::MAX);
    let number = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
    let flags = known.flags().skip(number(page.offset()));
    let shown = flags.take(number(page.limit()));
    let shown = shown.map(|flag| FeatureView::new(flag, caller.access()));
    Ok(List::new("feature flags", shown.collect(), page, total))
}

/// Shows a feature flag, with whether the caller has the feature.
#[utoipa::path(get, path = "/settings/features/{flag}", tag = "settings", params(("flag" = String, Path)), responses((status = 200, body = Success<FeatureView>)))]
async fn find_feature(
    caller: Authorized<FeaturesRead>,
    name: FlagName,
) -> Result<Success<FeatureView>, ApiError> {
    let known = caller.tenant_settings().await?;
    let flag = known.flag(&name).ok_or_else(|| name.unknown())?;
    Ok(FeatureView::success(
        "the feature flag",
        flag,
        caller.access(),
    ))
}

/// Sets a feature flag as a whole. `If-Match: *` also makes one that there is not.
#[utoipa::path(put, path = "/settings/features/{flag}", tag = "settings", params(("flag" = String, Path), ("If-Match" = String, Header)), request_body = SetFeature,
    responses((status = 200, body = Success<FeatureView>)))]
async fn set_feature(
    mut caller: Authorized<FeaturesUpdate>,
    name: FlagName,
    if_match: IfMatch,
    body: StrictJson<SetFeature>,
) -> Result<Success<FeatureView>, ApiError> {
    let state = body.into_inner().check()?;
    let precondition = |known: Option<&FeatureFlag>| match known {
        Some(flag) => if_match.check(&etag(flag)),
        None if if_match.is_any() => Ok(()),
        None => Err(ApiError::new(Code::PreconditionFailed)),
    };
    let flag = caller.set_feature(&name, precondition, &state).await?;
    Ok(FeatureView::success(
        "the feature flag was set",
        &flag,
        caller.access(),
    ))
}

/// Which flags to list.
#[derive(Debug)]
struct FeatureQuery(PageRequest);

impl FromQuery for FeatureQuery {
    fn from_query(query: &mut QueryParameters) -> Result<Self, ApiError> {
        Ok(Self(query.page()?))
    }
}
