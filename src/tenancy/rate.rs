//! Requests of each tenant, held to the rate of its plan by a token bucket (the generic cell rate algorithm, ITU-T I.371).

use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use moka::future::Cache;
use platform_schema::TenantId;

use super::ServedTenant;

/// A tenant may send this part of a minute's requests at once.
const BURST: u32 = 10;

/// A bucket that nobody has taken from for this long is full again, and need not be kept.
const IDLE: Duration = Duration::from_mins(2);

/// Buckets kept at most.
const CAPACITY: u64 = 100_000;

/// A tenant's plan, and with it its bucket, is known by its rate: a new rate is a new bucket.
type Bucket = (TenantId, NonZero<u32>);

/// The buckets of the tenants at work. Cheap to clone.
#[derive(Clone)]
pub struct TenantRates {
    buckets: Cache<Bucket, Arc<DefaultDirectRateLimiter>>,
    clock: DefaultClock,
}

/// The tenant has sent more requests than its plan allows.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the plan of the tenant allows {per_minute} requests a minute")]
pub struct RateLimited {
    /// The rate of the tenant's plan.
    pub per_minute: NonZero<u32>,
    /// When the next request is allowed.
    pub wait: Duration,
}

impl TenantRates {
    /// Full buckets for everybody.
    pub fn new() -> Self {
        Self {
            buckets: Cache::builder()
                .max_capacity(CAPACITY)
                .time_to_idle(IDLE)
                .build(),
            clock: DefaultClock::default(),
        }
    }

    /// Takes one request from the tenant's bucket. A tenant without a limit has no bucket.
    ///
    /// # Errors
    /// `RateLimited` when the bucket is empty.
    pub async fn take(&self, tenant: &ServedTenant) -> Result<(), RateLimited> {
        let limit = tenant.limits.requests_per_minute;
        let limit = limit.and_then(|limit| u32::try_from(limit).ok());
        let Some(per_minute) = limit.and_then(NonZero::new) else {
            return Ok(());
        };
        let bucket = (tenant.id.clone(), per_minute);
        let full = async { Arc::new(RateLimiter::direct(quota(per_minute))) };
        let limiter = self.buckets.get_with(bucket, full).await;
        limiter.check().map_err(|refused| RateLimited {
            per_minute,
            wait: refused.wait_time_from(self.clock.now()),
        })
    }
}

impl Default for TenantRates {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for TenantRates {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} buckets", self.buckets.entry_count())
    }
}

fn quota(per_minute: NonZero<u32>) -> Quota {
    let burst = NonZero::new(per_minute.get() / BURST).unwrap_or(NonZero::<u32>::MIN);
    Quota::per_minute(per_minute).allow_burst(burst)
}
