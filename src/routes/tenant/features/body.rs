//! The body of `PUT settings/features/{flag}`: checked as a whole, so that every fault is named at once.

use std::collections::BTreeSet;

use serde::Deserialize;
use tenant_schema::settings::FeatureFlagState;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::error::ApiError;
use crate::resource::Validation;

/// Longest description, in characters.
const LONGEST_DESCRIPTION: usize = 500;

/// Most users that a flag names. For more there are roles.
const MOST_USERS: usize = 1_000;

/// Most roles that a flag names.
const MOST_ROLES: usize = 100;

/// All of a feature flag; what is absent gets its default.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetFeature {
    /// Whether it is on at all.
    enabled: bool,
    /// Share of the users who have it, from 0 to 100. Without it: all of them, or nobody else where some are named.
    #[schema(minimum = 0, maximum = 100)]
    rollout_percentage: Option<i32>,
    /// Ids of users who have it whatever the share is.
    #[serde(default)]
    #[schema(max_items = 1000)]
    users: Vec<Uuid>,
    /// Names of roles whose users have it whatever the share is.
    #[serde(default)]
    #[schema(max_items = 100)]
    roles: Vec<String>,
    #[schema(max_length = 500)]
    description: Option<String>,
}

impl SetFeature {
    /// Checks every field. Whether there are such users and roles, the tenant's tables tell.
    ///
    /// # Errors
    /// `validation_failed` with every fault.
    pub(super) fn check(self) -> Result<FeatureFlagState, ApiError> {
        let mut validation = Validation::new();
        let names_some = !(self.users.is_empty() && self.roles.is_empty());
        let share = self
            .rollout_percentage
            .unwrap_or(if names_some { 0 } else { 100 });
        let fits = (0..=100).contains(&share);
        validation.require(fits, "rollout_percentage", "must be from 0 to 100");
        let users: BTreeSet<&Uuid> = self.users.iter().collect();
        let fits = users.len() == self.users.len() && users.len() <= MOST_USERS;
        validation.require(fits, "users", "must be at most 1000, each given once");
        let roles: BTreeSet<&String> = self.roles.iter().collect();
        let fits = roles.len() == self.roles.len() && roles.len() <= MOST_ROLES;
        validation.require(fits, "roles", "must be at most 100, each given once");
        let length = self
            .description
            .as_ref()
            .map_or(0, |text| text.chars().count());
        let message = format!("must be at most {LONGEST_DESCRIPTION} characters");
        validation.require(length <= LONGEST_DESCRIPTION, "description", &message);
        validation.finish()?;
        Ok(FeatureFlagState {
            enabled: self.enabled,
            rollout_percentage: share,
            user_ids: self.users,
            roles: self.roles,
            description: self.description,
        })
    }
}
