//! Which tenants a command works on.

use platform_schema::{Tenant, TenantFilter, TenantKey, TenantSortKey, TenantStatus};

use crate::platform::Platform;

/// Tenants that are read at once.
const PAGE: i64 = 500;

/// The tenants of these keys; without any key, all active ones.
///
/// # Errors
/// An unknown tenant, or a failure of the database.
pub async fn active(keys: &[TenantKey], platform: &Platform) -> anyhow::Result<Vec<Tenant>> {
    let conn = platform.pools.platform().await?;
    let mut tenants = Vec::new();
    for key in keys {
        let found = Tenant::find_by_key(key, &conn).await?;
        tenants.push(found.ok_or_else(|| {
            anyhow::anyhow!(
                "no tenant is called `{key}` (hint: `provision tenant list` names them)"
            )
        })?);
    }
    if keys.is_empty() {
        let filter = TenantFilter {
            search: None,
            status: Some(TenantStatus::Active),
        };
        loop {
            let offset = i64::try_from(tenants.len())?;
            let page = Tenant::list(&filter, TenantSortKey::Slug, PAGE, offset, &conn).await?;
            if page.is_empty() {
                break;
            }
            tenants.extend(page);
        }
    }
    Ok(tenants)
}
