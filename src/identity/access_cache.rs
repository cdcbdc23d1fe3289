//! What users may do, remembered: read once for a session, and believed for as long as no change is heard of.

use std::sync::Arc;
use std::time::Duration;

use platform_schema::{Limits, TenantId};
use tenant_schema::identity::Access;
use uuid::Uuid;

use super::permission::Grants;
use crate::tenancy::TenantPools;
use crate::tenancy::changes::{Changes, Subject};
use crate::tenancy::remembered::{Key, LoadError, Loaded, Remembered};

/// Sessions remembered at most.
const CAPACITY: u64 = 100_000;

/// One user's session at one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AccessKey {
    /// The tenant.
    pub tenant: TenantId,
    /// The user.
    pub user: Uuid,
    /// The session.
    pub session: Uuid,
}

impl Key for AccessKey {
    fn subject(&self) -> Subject<'_> {
        Subject::Access(&self.tenant)
    }
}

/// A user with the state of a session, and what is granted to them as the decision takes it.
#[derive(Debug)]
pub struct KnownAccess {
    /// What was read.
    pub access: Access,
    /// The same, as the decision takes it.
    pub grants: Grants,
}

/// Remembers the access of sessions.
#[derive(Debug)]
pub struct AccessCache {
    pools: TenantPools,
    changes: Changes,
    remembered: Remembered<AccessKey, KnownAccess>,
}

impl AccessCache {
    /// A cache that reads through `pools`.
    pub fn new(pools: TenantPools, changes: Changes) -> Self {
        Self {
            remembered: Remembered::new(changes.clone(), CAPACITY),
            changes,
            pools,
        }
    }

    /// The access of a session, read within the limits of the tenant; nothing where the tenant has no such user.
    ///
    /// # Errors
    /// No connection, or what the database says.
    pub async fn find(
        &self,
        key: &AccessKey,
        limits: &Limits,
    ) -> Result<Option<Arc<KnownAccess>>, LoadError> {
        self.remembered.get(key, || self.load(key, limits)).await
    }

    /// Forgets the access of a tenant's users, because this process has changed it.
    pub fn forget(&self, tenant: &TenantId) {
        self.changes.forget(Subject::Access(tenant));
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "what a caller may do is read before anything is proven"
    )]
    async fn load(
        &self,
        key: &AccessKey,
        limits: &Limits,
    ) -> Result<Loaded<KnownAccess>, LoadError> {
        let lease = self.pools.lease_within(&key.tenant, limits).await?;
        let access = Access::load(key.user, key.session, &lease).await?;
        let lifetime = access.as_ref().and_then(|access| access.lasts);
        Ok(Loaded {
            lifetime: lifetime.map(|lasts| lasts.to_std().unwrap_or(Duration::ZERO)),
            value: access.map(|access| KnownAccess {
                grants: Grants::of(&access),
                access,
            }),
        })
    }
}
