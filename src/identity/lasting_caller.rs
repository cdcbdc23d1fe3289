//! A caller who stays: what a long answer is made by, after its handler has ended. It holds no lease between two reads, and asks
//! before each whether the caller may still have what it reads.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use platform_schema::TenantKey;

use super::Identity;
use super::access_cache::{AccessKey, CachedAccess, Credential};
use super::actor::Actor;
use super::permission::Decision;
use super::signed_in::SignedIn;
use crate::error::{ApiError, Code};
use crate::platform::Platform;
use crate::tenancy::{Lease, ServedTenant};

/// A signed-in caller beyond the request that they came with.
#[derive(Debug, Clone)]
pub struct LastingCaller {
    tenant: Arc<ServedTenant>,
    key: AccessKey,
    actor: Actor,
    identity: web::Data<Identity>,
    platform: web::Data<Platform>,
}

impl LastingCaller {
    /// The caller of this request.
    ///
    /// # Errors
    /// `internal` for a key whose hash is none.
    pub fn of(caller: &SignedIn) -> Result<Self, ApiError> {
        let known = caller.known();
        let credential = match &known.api_key {
            Some(key) => {
                let hash = <[u8; 32]>::try_from(key.key_hash.as_slice());
                Credential::ApiKey(hash.map_err(ApiError::internal)?)
            }
            None => Credential::Session {
                user: known.access.user.id,
                session: caller.session()?,
            },
        };
        let tenant = caller.served();
        Ok(Self {
            key: AccessKey {
                tenant: tenant.id.clone(),
                credential,
            },
            tenant,
            actor: caller.actor().clone(),
            identity: caller.identity().clone(),
            platform: caller.platform().clone(),
        })
    }

    /// The tenant, as it was when the caller came.
    pub fn tenant(&self) -> &ServedTenant {
        &self.tenant
    }

    /// The platform behind it.
    pub fn platform(&self) -> &web::Data<Platform> {
        &self.platform
    }

    /// How long a token of theirs lives at most.
    pub fn token_lifetime(&self) -> Duration {
        let lifetime = self.identity.tokens().lifetime();
        lifetime.to_std().unwrap_or_default()
    }

    /// What the caller may do now. Without news of the tenant this asks no database.
    ///
    /// # Errors
    /// As for a request that came now: what the tenant's status says, `session_ended`, `invalid_token`, or a failure of the database.
    pub async fn access(&self) -> Result<Arc<CachedAccess>, ApiError> {
        let key = TenantKey::Id(self.tenant.id.clone());
        let tenant = self.platform.registry.resolve(&key).await?;
        let known = self.identity.accesses().find(&self.key, &tenant.limits);
        let known = known.await?.ok_or(Code::InvalidToken)?;
        known.admit(&self.actor)?;
        Ok(known)
    }

    /// Asks whether the caller still has a permission.
    ///
    /// # Errors
    /// As [`Self::access`], and `permission_denied`.
    pub async fn require(&self, permission: &str) -> Result<(), ApiError> {
        match self.access().await?.decide(permission) {
            Decision::Allowed(_) => Ok(()),
            Decision::Denied(_) => Err(ApiError::new(Code::PermissionDenied)),
        }
    }

    /// A connection of the tenant's, for one read: whoever holds it while a client takes its time holds up others.
    ///
    /// # Errors
    /// `pool_exhausted` when none became free in time, `unavailable` without a database.
    #[expect(
        clippy::disallowed_methods,
        reason = "a known caller becomes a lease here, after the request"
    )]
    pub async fn lease(&self) -> Result<Lease, ApiError> {
        let pools = &self.platform.pools;
        let limits = &self.tenant.limits;
        Ok(pools.lease_within(&self.tenant.id, limits).await?)
    }
}
