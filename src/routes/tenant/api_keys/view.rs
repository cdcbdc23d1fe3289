//! An API key as its owner sees it: the key itself once, when it is made.

use chrono::{DateTime, Utc};
use platform_schema::Tenant;
use serde::Serialize;
use tenant_schema::identity::ApiKey;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::identity::api_key::ApiKeySecret;
use crate::resource::Success;

/// An API key, without the key.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ApiKeyView {
    id: Uuid,
    user_id: Uuid,
    name: String,
    /// The first characters of the key.
    prefix: String,
    scopes: Vec<String>,
    networks: Vec<String>,
    /// The key that this one replaces.
    rotated_from: Option<Uuid>,
    expires_at: Option<DateTime<Utc>>,
    /// To the minute.
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

/// A new API key.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NewApiKeyView {
    #[serde(flatten)]
    details: ApiKeyView,
    /// The key, for the header `Authorization`. It is kept nowhere and cannot be shown again.
    key: String,
}

impl From<ApiKey> for ApiKeyView {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id,
            user_id: key.user_id,
            name: key.name,
            prefix: key.prefix,
            scopes: key.scopes,
            networks: key.networks.iter().map(ToString::to_string).collect(),
            rotated_from: key.rotated_from,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
            revoked_at: key.revoked_at,
            created_at: key.created_at,
        }
    }
}

impl NewApiKeyView {
    /// 201 with the new key.
    pub(super) fn created(tenant: &Tenant, key: ApiKey, secret: &ApiKeySecret) -> Success<Self> {
        let location = format!("/api/v1/tenants/{}/api-keys", tenant.slug);
        let view = Self {
            details: key.into(),
            key: secret.expose().to_owned(),
        };
        Success::created(
            "the API key was made; it is shown this once",
            location,
            view,
        )
    }
}
