//! What the platform did to a tenant, as the tenant's own auditor reads it (security.md, rule 91).

use platform_schema::{PlatformAuditFilter, PlatformAuditLog};

use super::authorized::Authorized;
use super::permission::AuditRead;
use crate::error::ApiError;
use crate::resource::CursorRequest;

/// What the platform's audit log calls a tenant.
const TENANT: &str = "tenant";

impl Authorized<AuditRead> {
    /// What the platform did to the caller's tenant, the newest first; with `action`, that alone. No other tenant can be named.
    ///
    /// # Errors
    /// `pool_exhausted` when no connection became free in time, or a failure of the database.
    pub async fn deeds_of_the_platform(
        &self,
        action: Option<String>,
        page: CursorRequest,
    ) -> Result<Vec<PlatformAuditLog>, ApiError> {
        let filter = PlatformAuditFilter {
            object_type: Some(TENANT.to_owned()),
            object_id: Some(self.tenant().id.to_string()),
            action,
            ..PlatformAuditFilter::default()
        };
        let after = page.cursor.map(|cursor| (cursor.at, cursor.id));
        let lease = self.platform().pools.platform().await?;
        let rows = PlatformAuditLog::list(&filter, after, page.limit(), &lease).await?;
        lease.finish().await?;
        Ok(rows)
    }
}
