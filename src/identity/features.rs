//! Feature flags of a tenant: whether a caller has a feature, from memory, and setting one.

use std::sync::Arc;

use connection::TenantConn;
use tenant_schema::identity::{Role, User};
use tenant_schema::settings::{Change, FeatureFlag, FeatureFlagState};

use super::signed_in::SignedIn;
use crate::error::{ApiError, Code, OnConstraint};
use crate::resource::Validation;
use crate::settings::TenantSettings;

/// Most feature flags that a tenant has.
const MOST_FLAGS: i64 = 500;

impl SignedIn {
    /// The tenant's settings and feature flags, from memory.
    ///
    /// # Errors
    /// `pool_exhausted`, or a failure of the database.
    pub async fn tenant_settings(&self) -> Result<Arc<TenantSettings>, ApiError> {
        let tenant = self.served();
        Ok(self.platform().settings.of(&tenant).await?)
    }

    /// Whether the caller has a feature, from memory. Nobody has one that there is not.
    ///
    /// # Errors
    /// As [`Self::tenant_settings`].
    pub async fn has_feature(&self, flag: &str) -> Result<bool, ApiError> {
        let known = self.tenant_settings().await?;
        Ok(known.is_on(flag, self.access()))
    }

    /// Sets a feature flag, or makes it, where the precondition holds of what there is.
    ///
    /// # Errors
    /// `validation_failed` for a role or a user that there is not, `conflict` where there are too many flags, the error of the
    /// precondition, or a failure of the database.
    pub async fn set_feature(
        &mut self,
        name: &str,
        precondition: impl Fn(Option<&FeatureFlag>) -> Result<(), ApiError>,
        state: &FeatureFlagState,
    ) -> Result<FeatureFlag, ApiError> {
        self.mutate("features.update", async |conn| {
            let before = FeatureFlag::lock(name, conn).await?;
            precondition(before.as_ref())?;
            require_named(state, conn).await?;
            let Some(before) = before else {
                return make(name, state, conn).await;
            };
            let after = before.set(state, conn).await?;
            let change = Change::updated(&before, &after);
            Ok((after, change))
        })
        .await
    }
}

async fn make(
    name: &str,
    state: &FeatureFlagState,
    conn: &TenantConn,
) -> Result<(FeatureFlag, Change), ApiError> {
    if FeatureFlag::count(conn).await? >= MOST_FLAGS {
        let detail = format!("a tenant has at most {MOST_FLAGS} feature flags");
        return Err(ApiError::new(Code::Conflict).detail(detail));
    }
    let made = state.insert(name, conn).await;
    let made = made.on_constraint("feature_flags_flag_key", "flag", "was just made")?;
    let change = Change::created(&made);
    Ok((made, change))
}

/// Refuses users and roles that there are not. A user of another tenant is one.
async fn require_named(state: &FeatureFlagState, conn: &TenantConn) -> Result<(), ApiError> {
    let mut validation = Validation::new();
    let users = User::existing(&state.user_ids, conn).await?;
    for (index, id) in state.user_ids.iter().enumerate() {
        let field = format!("users[{index}]");
        validation.require(users.contains(id), &field, "there is no such user");
    }
    let roles = Role::find_by_names(&state.roles, conn).await?;
    for (index, name) in state.roles.iter().enumerate() {
        let field = format!("roles[{index}]");
        let exists = roles.iter().any(|role| role.name == *name);
        validation.require(exists, &field, "there is no such role");
    }
    validation.finish()
}
