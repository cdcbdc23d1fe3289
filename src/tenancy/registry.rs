//! The registry cache: from a tenant's name to its row in `shared.tenants`, read once and remembered for a moment.
//!
//! An entry lives for one second after it was read, so that a suspension made elsewhere is in force within that time. A
//! name that nobody has is remembered for less, so that a new tenant answers at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::future::Cache;
use platform_schema::{Tenant, TenantKey, TenantStatus};

use super::pools::{PoolError, TenantPools};

/// How long a tenant that was read is believed.
const KNOWN: Duration = Duration::from_secs(1);

/// How long a name is believed to be nobody's.
const UNKNOWN: Duration = Duration::from_millis(100);

/// Names remembered at most.
const CAPACITY: u64 = 100_000;

/// Resolves names to tenants. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TenantRegistry {
    pools: TenantPools,
    cache: Cache<TenantKey, Option<Arc<Tenant>>>,
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
    #[error(transparent)]
    Pool(Arc<PoolError>),
    /// The registry cannot be read.
    #[error("the registry cannot be read: {0}")]
    Query(Arc<diesel::result::Error>),
}

#[derive(Debug)]
struct Lifetime;

impl Expiry<TenantKey, Option<Arc<Tenant>>> for Lifetime {
    fn expire_after_create(
        &self,
        _: &TenantKey,
        tenant: &Option<Arc<Tenant>>,
        _: Instant,
    ) -> Option<Duration> {
        Some(if tenant.is_some() { KNOWN } else { UNKNOWN })
    }
}

impl TenantRegistry {
    /// A registry that reads through `pools`.
    pub fn new(pools: TenantPools) -> Self {
        let cache = Cache::builder()
            .max_capacity(CAPACITY)
            .expire_after(Lifetime)
            .build();
        Self { pools, cache }
    }

    /// The tenant of that name, if it serves requests now.
    ///
    /// # Errors
    /// `Unknown`, a status that does not serve, or a registry that cannot be read.
    pub async fn resolve(&self, key: &TenantKey) -> Result<Arc<Tenant>, ResolveError> {
        let tenant = match self.cache.get(key).await {
            Some(known) => known,
            None => self.load(key).await?,
        };
        serving(tenant.ok_or(ResolveError::Unknown)?)
    }

    /// Forgets a tenant that this process has changed.
    pub async fn forget(&self, tenant: &Tenant) {
        self.cache
            .invalidate(&TenantKey::Id(tenant.id.clone()))
            .await;
        self.cache
            .invalidate(&TenantKey::Slug(tenant.slug.clone()))
            .await;
    }

    /// Reads a tenant once, however many ask for it at the same moment.
    async fn load(&self, key: &TenantKey) -> Result<Option<Arc<Tenant>>, ResolveError> {
        let read = async {
            let conn = self
                .pools
                .platform()
                .await
                .map_err(|error| ResolveError::Pool(Arc::new(error)))?;
            let found = match key {
                TenantKey::Slug(slug) => Tenant::find_by_slug(slug, &conn).await,
                TenantKey::Id(id) => Tenant::find(id, &conn).await,
            };
            found
                .map(|tenant| tenant.map(Arc::new))
                .map_err(|error| ResolveError::Query(Arc::new(error)))
        };
        self.cache
            .try_get_with_by_ref(key, read)
            .await
            .map_err(|error: Arc<ResolveError>| ResolveError::clone(&error))
    }
}

/// What a request to a tenant of each status gets.
fn serving(tenant: Arc<Tenant>) -> Result<Arc<Tenant>, ResolveError> {
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
