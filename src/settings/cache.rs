//! The cache of settings and feature flags: all that a tenant has is read at once, and believed for as long as no change is
//! heard of, and never for more than a second of silence.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use platform_schema::TenantId;
use serde_json::Value;
use tenant_schema::identity::Access;
use tenant_schema::settings::{FeatureFlag, KnownSetting, Setting};

use super::rollout;
use crate::tenancy::changes::{Changes, Subject};
use crate::tenancy::coherent_cache::{CacheKey, CoherentCache, LoadError, Loaded};
use crate::tenancy::{ServedTenant, TenantPools};

/// Tenants remembered at most. What one has is bounded, and a few kilobytes for most.
const CAPACITY: u64 = 10_000;

/// The tenant whose settings they are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct SettingsKey(TenantId);

impl CacheKey for SettingsKey {
    fn subject(&self) -> Subject<'_> {
        Subject::Settings(&self.0)
    }
}

/// The settings and feature flags of one tenant, as they were read.
#[derive(Debug)]
pub struct TenantSettings {
    values: HashMap<String, Value>,
    flags: BTreeMap<String, FeatureFlag>,
}

impl TenantSettings {
    fn new(settings: Vec<Setting>, flags: Vec<FeatureFlag>) -> Self {
        let open = settings.into_iter().filter(|setting| !setting.is_secret);
        Self {
            values: open.map(|setting| (setting.key, setting.value)).collect(),
            flags: flags
                .into_iter()
                .map(|flag| (flag.flag.clone(), flag))
                .collect(),
        }
    }

    /// The value in force: the tenant's, or the default in code. Nothing for a secret, and where there is no such setting.
    pub fn value(&self, key: &str) -> Option<&Value> {
        let known = || KnownSetting::find(key).filter(|known| !known.is_secret);
        self.values
            .get(key)
            .or_else(|| known().map(|known| &known.default))
    }

    /// The feature flags, in the order of their names.
    pub fn flags(&self) -> impl ExactSizeIterator<Item = &FeatureFlag> {
        self.flags.values()
    }

    /// The feature flag of this name, if there is one.
    pub fn flag(&self, name: &str) -> Option<&FeatureFlag> {
        self.flags.get(name)
    }

    /// Whether a user has the feature. Nobody has one that there is not.
    pub fn is_on(&self, flag: &str, access: &Access) -> bool {
        self.flag(flag)
            .is_some_and(|flag| rollout::is_on(flag, access.user.id, &access.roles))
    }
}

/// Remembers the settings and feature flags of tenants.
#[derive(Debug)]
pub struct SettingsCache {
    pools: TenantPools,
    changes: Changes,
    cache: CoherentCache<SettingsKey, TenantSettings>,
}

impl SettingsCache {
    /// A cache that reads through `pools`.
    pub fn new(pools: TenantPools, changes: Changes) -> Self {
        Self {
            cache: CoherentCache::new(changes.clone(), CAPACITY),
            changes,
            pools,
        }
    }

    /// What a tenant has, read within its limits.
    ///
    /// # Errors
    /// No connection, or what the database says.
    pub async fn of(&self, tenant: &ServedTenant) -> Result<Arc<TenantSettings>, LoadError> {
        let key = SettingsKey(tenant.id.clone());
        let known = self.cache.get(&key, || self.load(tenant)).await?;
        // What is loaded is always something.
        Ok(known.unwrap_or_else(|| Arc::new(TenantSettings::new(Vec::new(), Vec::new()))))
    }

    /// Forgets what a tenant has, because this process has changed it.
    pub fn forget(&self, tenant: &TenantId) {
        self.changes.forget(Subject::Settings(tenant));
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "what is read is the server's own to know; who may see it is proven where it is shown"
    )]
    async fn load(&self, tenant: &ServedTenant) -> Result<Loaded<TenantSettings>, LoadError> {
        let lease = self.pools.lease_within(&tenant.id, &tenant.limits).await?;
        let (settings, flags) =
            futures_util::try_join!(Setting::all(&lease), FeatureFlag::all(&lease))?;
        Ok(Loaded {
            value: Some(TenantSettings::new(settings, flags)),
            lifetime: None,
        })
    }
}
