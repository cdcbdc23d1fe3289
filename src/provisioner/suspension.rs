//! Suspending a tenant and resuming it: its data stay as they are, and nobody is served in between.

use platform_schema::{PlatformChange, Tenant, TenantKey, TenantStatus};
use serde_json::json;

use super::order::Requester;
use super::{ProvisionError, Provisioner};

impl Provisioner {
    /// Suspends an active tenant. One that is suspended stays so.
    ///
    /// Nodes that hear of changes refuse its users from then on, the others after a second at most.
    ///
    /// # Errors
    /// `UnknownTenant`, `Status` when the tenant is neither active nor suspended, or a failure of the database.
    pub async fn suspend(
        &self,
        key: &TenantKey,
        requester: &Requester,
    ) -> Result<Tenant, ProvisionError> {
        self.turn(key, TenantStatus::Suspended, "tenant.suspend", requester)
            .await
    }

    /// Resumes a suspended tenant: sessions and keys are worth what they were. One that is active stays so.
    ///
    /// # Errors
    /// As [`Self::suspend`].
    pub async fn resume(
        &self,
        key: &TenantKey,
        requester: &Requester,
    ) -> Result<Tenant, ProvisionError> {
        self.turn(key, TenantStatus::Active, "tenant.resume", requester)
            .await
    }

    async fn turn(
        &self,
        key: &TenantKey,
        next: TenantStatus,
        action: &'static str,
        requester: &Requester,
    ) -> Result<Tenant, ProvisionError> {
        let mut conn = self.connector.connect().await?;
        conn.transaction(async |conn| {
            let tenant = Tenant::lock(key, conn).await?;
            let tenant = tenant.ok_or_else(|| ProvisionError::UnknownTenant(key.to_string()))?;
            match tenant.status {
                status if status == next => Ok(tenant),
                TenantStatus::Active | TenantStatus::Suspended => {
                    let turned = Tenant::set_status(&tenant.id, next, conn).await?;
                    let change = PlatformChange::of("tenant", &tenant.id)
                        .before(json!({ "status": tenant.status }))
                        .after(json!({ "status": turned.status }));
                    requester.record(action, change, conn).await?;
                    Ok(turned)
                }
                status => Err(ProvisionError::Status {
                    slug: tenant.slug,
                    status,
                }),
            }
        })
        .await
    }
}
