//! Requests of each tenant, held to the rate of its plan.

use std::num::NonZero;

use platform_schema::TenantId;

use super::ServedTenant;
use crate::rate::{Buckets, Rate, RateExceeded, RateStanding};

/// A tenant may send this part of a minute's requests at once.
const BURST: u32 = 10;

/// The buckets of the tenants at work. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct TenantRates(Buckets<TenantId>);

/// The tenant has sent more requests than its plan allows.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the plan of the tenant allows {} requests a minute", .0.rate.per_minute)]
pub struct RateLimited(pub RateExceeded);

impl TenantRates {
    /// Full buckets for everybody.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one request from the tenant's bucket, and says what is left. A tenant without a limit has no bucket.
    ///
    /// # Errors
    /// `RateLimited` when the bucket is empty.
    pub async fn take(&self, tenant: &ServedTenant) -> Result<Option<RateStanding>, RateLimited> {
        let Some(rate) = rate_of(tenant) else {
            return Ok(None);
        };
        let taken = self.0.take(tenant.id.clone(), rate).await;
        taken.map(Some).map_err(RateLimited)
    }
}

fn rate_of(tenant: &ServedTenant) -> Option<Rate> {
    let limit = tenant.limits.requests_per_minute?;
    let per_minute = NonZero::new(u32::try_from(limit).ok()?)?;
    let at_once = NonZero::new(per_minute.get() / BURST).unwrap_or(NonZero::<u32>::MIN);
    Some(Rate {
        policy: "plan",
        per_minute,
        at_once,
    })
}
