//! What users may do, remembered: read once for a session or a key, and believed for as long as no change is heard of.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use platform_schema::{Limits, TenantId};
use tenant_schema::identity::{Access, ApiKey};
use uuid::Uuid;

use super::actor::Actor;
use super::permission::{self, Decision, Denial, Grants};
use crate::error::{ApiError, Code};
use crate::tenancy::TenantPools;
use crate::tenancy::changes::{Changes, Subject};
use crate::tenancy::coherent_cache::{CacheKey, CoherentCache, LoadError, Loaded};

/// Sessions remembered at most.
const CAPACITY: u64 = 100_000;

/// What somebody is known by at one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AccessKey {
    /// The tenant.
    pub tenant: TenantId,
    /// What was presented, and is genuine.
    pub credential: Credential,
}

/// What a user is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Credential {
    /// A token of one of their sessions.
    Session {
        /// The user.
        user: Uuid,
        /// The session.
        session: Uuid,
    },
    /// A key, by its hash.
    ApiKey([u8; 32]),
}

impl CacheKey for AccessKey {
    fn subject(&self) -> Subject<'_> {
        Subject::Access(&self.tenant)
    }
}

impl Credential {
    /// The session, where it is one.
    pub fn session(&self) -> Option<Uuid> {
        match self {
            Self::Session { session, .. } => Some(*session),
            Self::ApiKey(_) => None,
        }
    }
}

/// A user with the state of a session, and what is granted to them as the decision takes it.
#[derive(Debug)]
pub struct CachedAccess {
    /// What was read.
    pub access: Access,
    /// The same, as the decision takes it.
    pub grants: Grants,
    /// The key by which the user is known, if it is one.
    pub api_key: Option<ApiKey>,
    /// When the reading began, by this process's clock.
    begun: Instant,
}

impl CachedAccess {
    /// Refuses a user who may not sign in from where they are, or whose session is over.
    ///
    /// # Errors
    /// `invalid_token` or `session_ended`.
    pub fn admit(&self, actor: &Actor) -> Result<(), ApiError> {
        if !self.is_welcome(actor) {
            Err(ApiError::new(Code::InvalidToken))
        } else if !self.access.session_is_live {
            Err(ApiError::new(Code::SessionEnded))
        } else {
            Ok(())
        }
    }

    fn is_welcome(&self, actor: &Actor) -> bool {
        let networks = self.api_key.as_ref().map(|key| key.networks.as_slice());
        let is_near = networks.is_none_or(|networks| {
            networks.is_empty() || networks.iter().any(|network| actor.is_in(network))
        });
        self.access.user.is_active && is_near
    }

    /// Whether the caller may do what the permission of this name stands for: what is granted to the user, within the scopes
    /// of the key where they came with one.
    pub fn decide(&self, permission: &str) -> Decision<'_> {
        match &self.api_key {
            Some(key) if !permission::covers(&key.scopes, permission) => {
                Decision::Denied(Denial::OutOfScope)
            }
            _ => self.grants.decide(permission, self.now()),
        }
    }

    /// The time by the database's clock, which is the one that ends of grants and denials are judged by.
    pub fn now(&self) -> DateTime<Utc> {
        let since = TimeDelta::from_std(self.begun.elapsed()).unwrap_or(TimeDelta::MAX);
        let read_at = self.access.read_at;
        read_at
            .checked_add_signed(since)
            .unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

/// Remembers the access of sessions.
#[derive(Debug)]
pub struct AccessCache {
    pools: TenantPools,
    changes: Changes,
    cache: CoherentCache<AccessKey, CachedAccess>,
}

impl AccessCache {
    /// A cache that reads through `pools`.
    pub fn new(pools: TenantPools, changes: Changes) -> Self {
        Self {
            cache: CoherentCache::new(changes.clone(), CAPACITY),
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
    ) -> Result<Option<Arc<CachedAccess>>, LoadError> {
        self.cache.get(key, || self.load(key, limits)).await
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
    ) -> Result<Loaded<CachedAccess>, LoadError> {
        let begun = Instant::now();
        let lease = self.pools.lease_within(&key.tenant, limits).await?;
        let known = match &key.credential {
            Credential::Session { user, session } => {
                let access = Access::load(*user, *session, &lease).await?;
                access.map(|access| (access, None))
            }
            Credential::ApiKey(hash) => {
                let known = Access::load_for_key(hash, &lease).await?;
                known.map(|(access, key)| (access, Some(key)))
            }
        };
        let lifetime = known.as_ref().and_then(|(access, _)| access.lasts);
        Ok(Loaded {
            lifetime: lifetime.map(|lasts| lasts.to_std().unwrap_or(Duration::ZERO)),
            value: known.map(|(access, api_key)| CachedAccess {
                grants: Grants::of(&access.rules),
                access,
                api_key,
                begun,
            }),
        })
    }
}
