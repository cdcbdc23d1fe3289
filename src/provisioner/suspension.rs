//! Suspending a tenant and resuming it: its data stay as they are, and nobody is served in between.

use connection::PlatformConn;
use platform_schema::{NewPlatformAuditLog, Tenant, TenantKey, TenantStatus};
use serde_json::json;
use uuid::Uuid;

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
                    record(action, &tenant, &turned, requester, conn).await?;
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

async fn record(
    action: &str,
    before: &Tenant,
    after: &Tenant,
    requester: &Requester,
    conn: &PlatformConn,
) -> Result<(), ProvisionError> {
    let entry = NewPlatformAuditLog {
        id: Uuid::now_v7(),
        actor_id: requester.system_user,
        action: action.to_owned(),
        object_type: "tenant".to_owned(),
        object_id: Some(before.id.to_string()),
        before: Some(json!({ "status": before.status })),
        after: Some(json!({ "status": after.status })),
        ip: None,
        user_agent: None,
        request_id: requester.request_id.clone(),
    };
    Ok(entry.insert(conn).await?)
}
