//! The registry cache: from a tenant's name to its row in `shared.tenants` with the limits of its plan.

use std::ops::Deref;
use std::sync::Arc;

use platform_schema::{Limits, Tenant, TenantKey, TenantStatus};

use super::changes::{Changes, Subject};
use super::coherent_cache::{CacheKey, CoherentCache, LoadError, Loaded};
use super::pools::TenantPools;

/// Names remembered at most.
const CAPACITY: u64 = 100_000;

/// A tenant and the limits that it is served within.
#[derive(Debug, Clone, PartialEq)]
pub struct ServedTenant {
    /// The tenant.
    pub tenant: Tenant,
    /// The limits of its plan.
    pub limits: Limits,
}

impl Deref for ServedTenant {
    type Target = Tenant;

    fn deref(&self) -> &Tenant {
        &self.tenant
    }
}

/// Resolves names to tenants.
#[derive(Debug)]
pub struct TenantRegistry {
    pools: TenantPools,
    changes: Changes,
    cache: CoherentCache<TenantKey, ServedTenant>,
}

/// Why a tenant does not serve a request.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ResolveError {
    /// No tenant has this name, or it is being deleted.
    #[error("no tenant has this name")]
    Unknown,
    /// The tenant is suspended.
    #[error("the tenant is suspended")]
    Suspended,
    /// The tenant is archived.
    #[error("the tenant is archived")]
    Archived,
    /// The tenant is not ready yet, or its provisioning failed.
    #[error("the tenant is being provisioned")]
    Provisioning,
    /// The registry cannot be read.
    #[error("the registry cannot be read: {0}")]
    Load(#[from] LoadError),
}

impl CacheKey for TenantKey {
    fn subject(&self) -> Subject<'_> {
        match self {
            Self::Id(id) => Subject::Tenant(id),
            Self::Slug(slug) => Subject::Slug(slug),
        }
    }
}

impl TenantRegistry {
    /// A registry that reads through `pools`.
    pub fn new(pools: TenantPools, changes: Changes) -> Self {
        Self {
            cache: CoherentCache::new(changes.clone(), CAPACITY),
            changes,
            pools,
        }
    }

    /// The tenant of that name, if it serves requests now.
    ///
    /// # Errors
    /// `Unknown`, a status that does not serve, or a registry that cannot be read.
    pub async fn resolve(&self, key: &TenantKey) -> Result<Arc<ServedTenant>, ResolveError> {
        let found = self.cache.get(key, || self.load(key)).await?;
        serving(found.ok_or(ResolveError::Unknown)?)
    }

    /// Forgets a tenant that this process has changed: the next request must see it, before the announcement comes back.
    pub fn forget(&self, tenant: &Tenant) {
        self.changes.forget(Subject::Tenant(&tenant.id));
        self.changes.forget(Subject::Slug(&tenant.slug));
    }

    async fn load(&self, key: &TenantKey) -> Result<Loaded<ServedTenant>, LoadError> {
        let conn = self.pools.platform().await?;
        let found = Tenant::find_with_limits(key, &conn).await?;
        Ok(Loaded {
            value: found.map(|(tenant, limits)| ServedTenant { tenant, limits }),
            lifetime: None,
        })
    }
}

/// What a request to a tenant of each status gets.
fn serving(tenant: Arc<ServedTenant>) -> Result<Arc<ServedTenant>, ResolveError> {
    match tenant.status {
        TenantStatus::Active => Ok(tenant),
        TenantStatus::Suspended => Err(ResolveError::Suspended),
        TenantStatus::Archived => Err(ResolveError::Archived),
        TenantStatus::Pending | TenantStatus::Provisioning | TenantStatus::Failed => {
            Err(ResolveError::Provisioning)
        }
        TenantStatus::Deleting | TenantStatus::Purged => Err(ResolveError::Unknown),
    }
}
