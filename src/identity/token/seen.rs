//! Tokens that were verified before: the second sight of one costs a hash instead of a signature.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use moka::sync::Cache;
use platform_schema::TenantId;
use uuid::Uuid;

use super::TenantClaims;

/// Tokens remembered at most, at about 250 bytes each.
const CAPACITY: u64 = 100_000;

/// What this server takes from a tenant user's token. What else it says is for others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    /// The tenant.
    pub tenant: TenantId,
    /// The user.
    pub user: Uuid,
    /// The session.
    pub session: Uuid,
    /// When the token ends, in seconds since 1970.
    pub(super) ends: i64,
}

/// Tokens by their SHA-256, so that a copy of the memory holds none that could be used.
pub(super) struct SeenTokens(Cache<[u8; 32], Arc<Bearer>>);

impl SeenTokens {
    /// None yet. Tokens are remembered for as long as they live.
    pub(super) fn new(lifetime: Duration) -> Self {
        Self(
            Cache::builder()
                .max_capacity(CAPACITY)
                .time_to_live(lifetime)
                .build(),
        )
    }

    /// The bearer of a token that was verified before; otherwise what `verify` says, remembered unless it refuses.
    pub(super) fn get<Refusal>(
        &self,
        token: &str,
        verify: impl FnOnce() -> Result<TenantClaims, Refusal>,
    ) -> Result<Arc<Bearer>, Refusal> {
        let hash = digest(&SHA256, token.as_bytes());
        let Ok(hash) = <[u8; 32]>::try_from(hash.as_ref()) else {
            return Ok(Arc::new(verify()?.into()));
        };
        if let Some(seen) = self.0.get(&hash) {
            return Ok(seen);
        }
        let bearer = Arc::new(Bearer::from(verify()?));
        self.0.insert(hash, Arc::clone(&bearer));
        Ok(bearer)
    }
}

impl From<TenantClaims> for Bearer {
    fn from(claims: TenantClaims) -> Self {
        Self {
            tenant: claims.subject.tid,
            user: claims.sub,
            session: claims.sid,
            ends: claims.exp,
        }
    }
}

impl fmt::Debug for SeenTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} tokens", self.0.entry_count())
    }
}
