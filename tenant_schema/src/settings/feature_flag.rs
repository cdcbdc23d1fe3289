//! Features that a tenant turns on or off.

mod life;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

use crate::TenantModel;

/// Whether a feature is on, and for how many of the users.
#[derive(Debug, Clone, Queryable, Selectable, Identifiable, TenantModel)]
#[diesel(table_name = feature_flags, check_for_backend(diesel::pg::Pg))]
pub struct FeatureFlag {
    /// UUID v7, made by the server.
    pub id: Uuid,
    /// Name of the feature.
    #[column(unique, check = "char_length(flag) between 1 and 128")]
    pub flag: String,
    /// Whether it is on at all.
    #[column(default = "false")]
    pub enabled: bool,
    /// Share of the users who have it while it is on, in percent.
    #[column(default = "100", check = "rollout_percentage between 0 and 100")]
    pub rollout_percentage: i32,
    /// Users who have it while it is on, whatever the share is.
    #[column(default = "'{}'")]
    pub user_ids: Vec<Uuid>,
    /// Names of roles whose users have it while it is on, whatever the share is.
    #[column(default = "'{}'")]
    pub roles: Vec<String>,
    /// What it does, for people.
    pub description: Option<String>,
    /// When the flag was last changed.
    #[column(default = "now()")]
    pub updated_at: DateTime<Utc>,
}

/// What a flag is set to: a new one, or all of one that there is.
#[derive(Debug, Clone, PartialEq, Insertable, AsChangeset)]
#[diesel(table_name = feature_flags, check_for_backend(diesel::pg::Pg), treat_none_as_null = true)]
pub struct FeatureFlagState {
    /// See [`FeatureFlag::enabled`].
    pub enabled: bool,
    /// See [`FeatureFlag::rollout_percentage`].
    pub rollout_percentage: i32,
    /// See [`FeatureFlag::user_ids`].
    pub user_ids: Vec<Uuid>,
    /// See [`FeatureFlag::roles`].
    pub roles: Vec<String>,
    /// See [`FeatureFlag::description`].
    pub description: Option<String>,
}
