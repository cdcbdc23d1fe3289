//! A feature flag as tenant users see one.

use chrono::{DateTime, Utc};
use serde::Serialize;
use tenant_schema::identity::Access;
use tenant_schema::settings::FeatureFlag;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::resource::{ETag, Success};
use crate::settings::is_on;

/// A feature flag.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FeatureView {
    flag: String,
    /// Whether it is on at all.
    enabled: bool,
    /// Share of the users who have it, in percent.
    rollout_percentage: i32,
    /// Ids of users who have it whatever the share is.
    users: Vec<Uuid>,
    /// Names of roles whose users have it whatever the share is.
    roles: Vec<String>,
    description: Option<String>,
    updated_at: DateTime<Utc>,
    /// Whether the caller has the feature.
    is_on: bool,
}

/// The version of a flag.
pub(super) fn etag(flag: &FeatureFlag) -> ETag {
    ETag::of(flag.id, flag.updated_at)
}

impl FeatureView {
    /// Shows a flag to a user.
    pub(super) fn new(flag: &FeatureFlag, access: &Access) -> Self {
        Self {
            is_on: is_on(flag, access.user.id, &access.roles),
            flag: flag.flag.clone(),
            enabled: flag.enabled,
            rollout_percentage: flag.rollout_percentage,
            users: flag.user_ids.clone(),
            roles: flag.roles.clone(),
            description: flag.description.clone(),
            updated_at: flag.updated_at,
        }
    }

    /// 200 with the flag and its version.
    pub(super) fn success(
        message: &'static str,
        flag: &FeatureFlag,
        access: &Access,
    ) -> Success<Self> {
        Success::new(message, Self::new(flag, access)).etag(etag(flag))
    }
}
