//! A setting as tenant users see one.

use chrono::{DateTime, Utc};
use platform_schema::Tenant;
use serde::Serialize;
use serde_json::Value;
use tenant_schema::settings::{Constraints, Setting, ValueType};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::resource::Success;
use crate::settings::EffectiveSetting;

/// A setting.
#[derive(Debug, Serialize, ToSchema)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a field of the answer"
)]
pub(super) struct SettingView {
    /// The id of the tenant's row for it, if there is one.
    id: Option<Uuid>,
    key: String,
    #[serde(rename = "type")]
    value_type: ValueType,
    /// The value in force; null for a secret, which is never shown.
    value: Option<Value>,
    /// Whether it has a value: a secret may lack one.
    is_set: bool,
    /// The value where the tenant sets none; null for a setting of the tenant's own.
    default: Option<Value>,
    /// Whether somebody has set the value.
    is_overridden: bool,
    /// Whether the value is never shown.
    is_secret: bool,
    /// Whether the server knows it; the others are the tenant's own.
    is_known: bool,
    description: Option<String>,
    constraints: Constraints,
    updated_by: Option<Uuid>,
    updated_at: Option<DateTime<Utc>>,
}

impl SettingView {
    /// Shows a setting.
    pub(super) fn new(setting: &EffectiveSetting) -> Self {
        let row = setting.row();
        Self {
            id: row.map(|row| row.id),
            key: setting.key().to_owned(),
            value_type: setting.value_type(),
            value: setting.value().cloned(),
            is_set: row.is_some() || setting.default().is_some(),
            default: setting.default().cloned(),
            is_overridden: setting.is_overridden(),
            is_secret: setting.is_secret(),
            is_known: setting.known().is_some(),
            description: setting.description().map(str::to_owned),
            constraints: setting.constraints(),
            updated_by: row.and_then(|row| row.updated_by),
            updated_at: row.map(|row| row.updated_at),
        }
    }

    /// 200 with the setting and its version.
    pub(super) fn success(message: &'static str, setting: &EffectiveSetting) -> Success<Self> {
        Success::new(message, Self::new(setting)).etag(setting.etag())
    }

    /// 201 with the setting and its version.
    pub(super) fn created(tenant: &Tenant, made: Setting) -> Success<Self> {
        let slug = &tenant.slug;
        let location = format!("/api/v1/tenants/{slug}/settings/{}", made.key);
        let setting = EffectiveSetting::made(made);
        let etag = setting.etag();
        Success::created("the setting was created", location, Self::new(&setting)).etag(etag)
    }
}
