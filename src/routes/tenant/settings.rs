//! Routes of the settings resource. Feature flags are in `features`.

mod body;
mod name;
mod query;
mod view;

use actix_web::HttpResponse;
use actix_web::web::ServiceConfig;
use tenant_schema::settings::Setting;
use utoipa::OpenApi;

use crate::error::ApiError;
use crate::http::Methods;
use crate::identity::authorized::Authorized;
use crate::identity::permission::{SettingsCreate, SettingsDelete, SettingsRead, SettingsUpdate};
use crate::resource::{
    IfMatch, KeptAnswer, List, PageRequest, RepeatableJson, StrictJson, StrictQuery, Success,
};
use crate::settings::EffectiveSetting;
use body::{ChangeSetting, CreateSetting};
use name::PathName;
use query::{SettingParameters, SettingQuery};
use view::SettingView;

/// The OpenAPI document of this room.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    list_settings,
    create_setting,
    find_setting,
    replace_setting,
    delete_setting
))]
pub struct Documentation;

/// Mounts the routes.
pub fn configure(scope: &mut ServiceConfig) {
    scope
        .service(
            Methods::at("/settings")
                .get(list_settings)
                .post(create_setting),
        )
        .service(
            Methods::at("/settings/{key}")
                .get(find_setting)
                .put(replace_setting)
                .delete(delete_setting),
        );
}

/// Lists the settings in the order of their names: those that the server knows, and the tenant's own.
#[utoipa::path(get, path = "/settings", tag = "settings", params(PageRequest, SettingParameters), responses((status = 200, body = List<SettingView>)))]
async fn list_settings(
    caller: Authorized<SettingsRead>,
    query: StrictQuery<SettingQuery>,
) -> Result<List<SettingView>, ApiError> {
    let rows = Setting::all(caller.conn().await?).await?;
    let (settings, total) = query.page_of(EffectiveSetting::all(rows));
    let shown = settings.iter().map(SettingView::new).collect();
    Ok(List::new("settings", shown, query.page, total))
}

/// Makes a setting of the tenant's own. Its name begins with `custom.`.
#[utoipa::path(post, path = "/settings", tag = "settings", request_body = CreateSetting,
    params(("Idempotency-Key" = Option<String>, Header, description = "A repetition with the same key gets the same answer, for a day.")),
    responses((status = 201, body = Success<SettingView>)))]
async fn create_setting(
    mut caller: Authorized<SettingsCreate>,
    body: RepeatableJson<CreateSetting>,
) -> Result<KeptAnswer, ApiError> {
    let (body, request) = body.into_parts();
    let order = body.check()?;
    caller
        .create_setting(&order, request.as_ref(), SettingView::created)
        .await
}

/// Shows a setting, by its name or by the id of its row.
#[utoipa::path(get, path = "/settings/{key}", tag = "settings", params(("key" = String, Path)), responses((status = 200, body = Success<SettingView>)))]
async fn find_setting(
    caller: Authorized<SettingsRead>,
    name: PathName,
) -> Result<Success<SettingView>, ApiError> {
    let setting = caller.setting(&name).await?;
    Ok(SettingView::success("the setting", &setting))
}

/// Gives a setting a value. A description and constraints, which the tenant's own settings have, stay where they are not given.
#[utoipa::path(put, path = "/settings/{key}", tag = "settings", params(("key" = String, Path), ("If-Match" = String, Header)), request_body = ChangeSetting,
    responses((status = 200, body = Success<SettingView>)))]
async fn replace_setting(
    mut caller: Authorized<SettingsUpdate>,
    name: PathName,
    if_match: IfMatch,
    body: StrictJson<ChangeSetting>,
) -> Result<Success<SettingView>, ApiError> {
    let new = body.into_inner().check()?;
    let setting = caller.update_setting(&name, Some(&if_match), &new).await?;
    Ok(SettingView::success("the setting was changed", &setting))
}

/// Deletes a setting of the tenant's own. One that the server knows gets its default again, which takes `settings.update`, too.
#[utoipa::path(delete, path = "/settings/{key}", tag = "settings", params(("key" = String, Path), ("If-Match" = String, Header)), responses((status = 204)))]
async fn delete_setting(
    mut caller: Authorized<SettingsDelete>,
    name: PathName,
    if_match: IfMatch,
) -> Result<HttpResponse, ApiError> {
    caller.reset_setting(&name, &if_match).await?;
    Ok(HttpResponse::NoContent().finish())
}
