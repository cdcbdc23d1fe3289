//! Cutting logs of calls: rows older than a tenant keeps its audit log are removed.
//!
//! The tenant's role may not remove them, so it is done by the login role.

use chrono::{DateTime, Utc};
use platform_schema::Tenant;
use tenant_schema::settings::{ApiAuditLog, AuditLog};

use super::namespace::Namespace;
use super::{ProvisionError, Provisioner, off_its_path, on_its_path};

/// Rows that are removed in one transaction.
const BATCH: i64 = 10_000;

impl Provisioner {
    /// Removes the calls that are older at `now` than the tenant keeps its audit log, and gives how many there were.
    ///
    /// # Errors
    /// A failure of the database. What was removed before stays removed.
    pub async fn cut_api_audit_log(
        &self,
        tenant: &Tenant,
        now: DateTime<Utc>,
    ) -> Result<usize, ProvisionError> {
        let mut rows = 0;
        loop {
            let removed = self.cut_calls(tenant, now).await?;
            rows += removed;
            if removed == 0 {
                return Ok(rows);
            }
        }
    }

    /// An early return drops the connection, and with it the transaction.
    async fn cut_calls(
        &self,
        tenant: &Tenant,
        now: DateTime<Utc>,
    ) -> Result<usize, ProvisionError> {
        let mut conn = self.connector.connect().await?;
        conn.begin().await?;
        let schema = Namespace::from(&tenant.schema_name);
        conn.batch(&schema.set_local_path()).await?;
        let conn = on_its_path(conn);
        let limit = AuditLog::retention(&conn).await?;
        let Some(until) = limit.and_then(|limit| now.checked_sub_signed(limit)) else {
            return Ok(0);
        };
        let removed = ApiAuditLog::remove_before(until, BATCH, &conn).await?;
        off_its_path(conn).commit().await?;
        Ok(removed)
    }
}
