//! Initializing a tenant: a repair that deletes no data and holds nobody up.

use platform_schema::TenantKey;

use super::order::{ProvisionedTenant, Requester};
use super::upgrade::UpgradeOptions;
use super::{ProvisionError, Provisioner, in_words};

impl Provisioner {
    /// Makes the tenant whole, and says in which run. Repeating it changes nothing.
    ///
    /// # Errors
    /// `UnknownTenant`, `Drift` when the schema holds something that only somebody who knows can decide to drop or
    /// change, with the names of it, or those of [`Self::apply`].
    pub async fn initialize(
        &self,
        key: &TenantKey,
        requester: &Requester,
    ) -> Result<ProvisionedTenant, ProvisionError> {
        let options = UpgradeOptions::default();
        let repaired = self.repair_as("initialize", key, &options, requester).await;
        let repaired = repaired.map_err(|error| drift(key, error))?;
        Ok(ProvisionedTenant {
            tenant: repaired.tenant,
            run: repaired.run.ok_or(diesel::NotFound)?,
        })
    }
}

/// What an upgrade asks about, as what it means to who did not ask for one.
fn drift(key: &TenantKey, error: ProvisionError) -> ProvisionError {
    let difference = match error {
        ProvisionError::Forbidden { steps, .. } => steps.join("; "),
        ProvisionError::Refused(refusals) => in_words(&refusals),
        other => return other,
    };
    ProvisionError::Drift {
        tenant: key.to_string(),
        difference,
    }
}
