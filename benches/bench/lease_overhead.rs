//! What stands between a request and its query: the token, the tenant, what the caller may do, and the lease,
//! in this process.
//!
//! The database is behind a proxy that counts round trips, of which there should be none.

use std::time::Instant;

use anyhow::ensure;
use platform_schema::TenantKey;
use rowhouse::identity::Identity;
use rowhouse::identity::permission::{Permission, UsersRead};
use rowhouse::platform::Platform;
use test_app::ChaosProxy;

use crate::figures::{millis, percentile};
use crate::known_caller::access_key;
use crate::report::{Bound, Row};
use crate::site::Site;

/// Leases that are measured.
const LEASES: u32 = 20_000;

/// Rounds, of which the last is measured.
const ROUNDS: usize = 2;

/// Measures the row.
///
/// # Errors
/// A site that fails, or a tenant that is not served.
#[expect(
    clippy::disallowed_methods,
    reason = "leases are what this row is about"
)]
pub(crate) async fn measure(site: &mut Site) -> anyhow::Result<Option<Row>> {
    let member = site.first_tenant().await?;
    let (key, bearer): (TenantKey, _) = (member.slug().parse()?, site.bearer(&member)?);
    let proxy = ChaosProxy::start(site.url()).await;
    let config = test_app::config(proxy.url());
    let platform = Platform::open(&config).await?;
    let identity = Identity::open(&config, &platform).await?;
    platform.changes.listen().await;
    let leases = site.options().scaled(LEASES, 1_000);
    let mut latencies = Vec::new();
    // The last tells: before that, the tenant is not warm.
    let mut round_trips = 0;
    for _ in 0..ROUNDS {
        latencies.clear();
        let before = proxy.ready_for_queries();
        for _ in 0..leases {
            let begun = Instant::now();
            let bearer = identity.tokens().bearer(&bearer)?;
            let tenant = platform.registry.resolve(&key).await?;
            let access = access_key(&tenant.id, &bearer);
            let known = identity.accesses().find(&access, &tenant.limits).await?;
            let is_allowed = known.is_some_and(|known| {
                let decision = known.grants.decide(UsersRead::NAME, known.now());
                decision.is_allowed()
            });
            let lease = platform
                .pools
                .lease_within(&tenant.id, &tenant.limits)
                .await?;
            let took = begun.elapsed();
            drop(lease);
            ensure!(is_allowed, "the tenant's admin may not read users");
            latencies.push(u32::try_from(took.as_micros())?);
        }
        round_trips = proxy.ready_for_queries() - before;
    }
    latencies.sort_unstable();
    let mut row = Row::new("lease_overhead", "ms", latencies.len());
    row.tails(&latencies);
    row.figure(millis(percentile(&latencies, 50)));
    let p99 = millis(percentile(&latencies, 99));
    row.aim("p99 ms", p99, Bound::AtMost(0.2));
    let round_trips = u32::try_from(round_trips)?;
    row.aim("round trips", round_trips.into(), Bound::AtMost(0.0));
    Ok(Some(row))
}
