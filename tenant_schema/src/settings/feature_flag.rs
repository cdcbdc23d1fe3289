//! Features that a tenant turns on or off.

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
    /// What it does, for people.
    pub description: Option<String>,
    /// When the flag was last changed.
    #[column(default = "now()")]
    pub updated_at: DateTime<Utc>,
}

/// A flag to be added.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = feature_flags, check_for_backend(diesel::pg::Pg))]
pub struct NewFeatureFlag {
    /// See [`FeatureFlag::id`].
    pub id: Uuid,
    /// See [`FeatureFlag::flag`].
    pub flag: String,
    /// See [`FeatureFlag::enabled`].
    pub enabled: bool,
    /// See [`FeatureFlag::rollout_percentage`].
    pub rollout_percentage: i32,
    /// See [`FeatureFlag::description`].
    pub description: Option<String>,
}

/// Changes to a flag: `None` leaves a column as it is, `Some(None)` empties it.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = feature_flags, check_for_backend(diesel::pg::Pg))]
pub struct FeatureFlagChanges {
    /// See [`FeatureFlag::enabled`].
    pub enabled: Option<bool>,
    /// See [`FeatureFlag::rollout_percentage`].
    pub rollout_percentage: Option<i32>,
    /// See [`FeatureFlag::description`].
    pub description: Option<Option<String>>,
    /// See [`FeatureFlag::updated_at`].
    pub updated_at: Option<DateTime<Utc>>,
}
