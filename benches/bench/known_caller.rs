//! What a caller who was seen before costs in memory: the second sight of their token, and the decision whether they may do
//! something. Both are held to the time that they are to take, and no database is asked.

use std::hint::black_box;
use std::time::Instant;

use anyhow::ensure;
use platform_schema::{TenantId, TenantKey};
use rowhouse::identity::Identity;
use rowhouse::identity::access_cache::{AccessKey, Credential};
use rowhouse::identity::permission;
use rowhouse::identity::token::Bearer;
use rowhouse::platform::Platform;

use crate::figures::at_percent;
use crate::report::{Bound, Row};
use crate::site::Site;

/// How often each is timed.
const TIMES: u32 = 200_000;

/// What the second sight of a token may take, in microseconds.
const SIGHT: f64 = 5.0;

/// What a decision may take, in microseconds.
const DECISION: f64 = 1.0;

/// Measures the second sight of a token.
///
/// # Errors
/// A site that fails, or a token that is refused.
pub(crate) async fn token(site: &mut Site) -> anyhow::Result<Option<Row>> {
    let member = site.first_tenant().await?;
    let bearer = site.bearer(&member)?;
    let config = test_app::config(site.url());
    let platform = Platform::open(&config).await?;
    let identity = Identity::open(&config, &platform).await?;
    identity.tokens().bearer(&bearer)?;
    let sights = timed(site.options().scaled(TIMES, 1_000), || {
        identity.tokens().bearer(black_box(&bearer)).is_ok()
    })?;
    Ok(Some(row("known_token", &sights, SIGHT)?))
}

/// Measures the decision over each permission in turn, as of now, for the admin of a tenant.
///
/// # Errors
/// As [`token`], or a tenant that is not served.
pub(crate) async fn decision(site: &mut Site) -> anyhow::Result<Option<Row>> {
    let member = site.first_tenant().await?;
    let key: TenantKey = member.slug().parse()?;
    let config = test_app::config(site.url());
    let platform = Platform::open(&config).await?;
    let identity = Identity::open(&config, &platform).await?;
    let tenant = platform.registry.resolve(&key).await?;
    let bearer = identity.tokens().bearer(&site.bearer(&member)?)?;
    let access = access_key(&tenant.id, &bearer);
    let known = identity.accesses().find(&access, &tenant.limits).await?;
    let known = known.ok_or(diesel::NotFound)?;
    let mut names = permission::ALL.iter().cycle();
    let decisions = timed(site.options().scaled(TIMES, 1_000), || {
        let name = names.next().copied().unwrap_or_default();
        let decision = known.grants.decide(black_box(name), known.now());
        decision.is_allowed()
    })?;
    Ok(Some(row("permission", &decisions, DECISION)?))
}

/// What the caller with a token is known by at a tenant.
pub(crate) fn access_key(tenant: &TenantId, bearer: &Bearer) -> AccessKey {
    AccessKey {
        tenant: tenant.clone(),
        credential: Credential::Session {
            user: bearer.user,
            session: bearer.session,
        },
    }
}

/// How long each of so many calls took, in nanoseconds and in order of length. Each has to succeed.
fn timed(count: u32, mut call: impl FnMut() -> bool) -> anyhow::Result<Vec<u32>> {
    let mut times = Vec::new();
    for _ in 0..count {
        let begun = Instant::now();
        let is_done = black_box(call());
        let took = begun.elapsed();
        ensure!(is_done, "a caller who is known was refused");
        times.push(u32::try_from(took.as_nanos())?);
    }
    times.sort_unstable();
    Ok(times)
}

/// A row of times in nanoseconds, whose median may take so many microseconds.
fn row(name: &'static str, times: &[u32], most: f64) -> anyhow::Result<Row> {
    let micros = |nanos: u32| f64::from(nanos) / 1_000.0;
    let [half, last] = [50, 99].map(|percent| micros(at_percent(times, percent)));
    let clock = timed(u32::try_from(times.len())?, || true)?;
    let mut row = Row::new(name, "µs", times.len());
    row.compare(half, most, Bound::AtMost(1.0));
    row.note(format!(
        "p50 {half:.3} µs, p99 {last:.3} µs, of which reading the clock takes {:.3} µs",
        micros(at_percent(&clock, 50))
    ));
    Ok(row)
}
