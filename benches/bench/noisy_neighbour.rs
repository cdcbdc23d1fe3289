//! One tenant that asks for far more than its share, and what its neighbour on the same server feels of it.

use std::collections::BTreeMap;

use crate::figures::{millis, percentile};
use crate::load::{HttpJob, Job, Load, Outcome, Round};
use crate::report::{Bound, Row};
use crate::server::Server;
use crate::site::{Member, Site, USERS};

/// Requests a second of the neighbour.
const PACE: f64 = 10.0;

/// Connections of the neighbour.
const CLIENTS: usize = 4;

/// Requests a minute that the noisy tenant's plan allows.
const ALLOWED: u32 = 600;

/// Requests a second that it sends: a hundred times as many.
const NOISY_PACE: f64 = 1_000.0;

/// Connections of the noisy tenant.
const NOISY_CLIENTS: usize = 64;

/// What the noisy tenant is told beyond its plan's rate.
const REFUSED: &str = "status 429";

/// Requests of the neighbour in each round.
const REQUESTS: u32 = 100;

/// Rounds with the noisy tenant, and as many without, by turns.
const ROUNDS: usize = 3;

/// Measures the row.
///
/// # Errors
/// A site, a server or a load that fails.
pub(crate) async fn measure(site: &mut Site) -> anyhow::Result<Option<Row>> {
    let (noisy, neighbour) = (
        site.tenant("noisy", USERS).await?,
        site.tenant("neighbour", USERS).await?,
    );
    subscribe(site, &noisy).await?;
    let server = Server::start(site.url(), &site.options().server_settings())?;
    let job = |member: Member, clients| {
        let job = HttpJob::new(server.address(), clients, site.by_id(&[member])?);
        Load::start(&Job::Http(job))
    };
    let (mut flood, mut load) = (job(noisy, NOISY_CLIENTS)?, job(neighbour, CLIENTS)?);
    if let Some(time) = site.options().profile_time() {
        flood.run(Round::lasting(time).at(NOISY_PACE))?;
        return Ok(None);
    }
    let round = Round::of(site.options().scaled(REQUESTS, 20)).at(PACE);
    load.run(round)?;
    let (mut alone, mut beside, mut others) = (Vec::new(), Vec::new(), BTreeMap::new());
    let mut flooded = Outcome::default();
    for _ in 0..ROUNDS {
        let quiet = load.run(round)?;
        alone.extend(quiet.latencies);
        // Longer than the neighbour's round, which has to end within it.
        let time = round.expected() * 6 / 5;
        flood.begin(Round::lasting(time).at(NOISY_PACE))?;
        let crowded = load.run(round)?;
        beside.extend(crowded.latencies);
        for (kind, count) in quiet.others.into_iter().chain(crowded.others) {
            *others.entry(kind).or_default() += count;
        }
        flooded.absorb(flood.finish()?);
    }
    alone.sort_unstable();
    beside.sort_unstable();
    let mut row = Row::new("noisy_neighbour", "ms", beside.len());
    let p95 = |sorted: &[u32]| millis(percentile(sorted, 95));
    row.compare(p95(&beside), p95(&alone), Bound::AtMost(1.2));
    row.tails(&beside);
    row.errors(&others);
    let refused = flooded.others.remove(REFUSED).unwrap_or_default();
    row.errors(&flooded.others);
    row.note(format!(
        "the noisy tenant sends {NOISY_PACE} requests a second and its plan allows {ALLOWED} a minute: {} answered, {refused} refused; the neighbour sends {PACE} a second",
        flooded.latencies.len()
    ));
    Ok(Some(row))
}

/// Subscribes a tenant to a plan with the rate of this row.
async fn subscribe(site: &Site, tenant: &Member) -> anyhow::Result<()> {
    let sql = format!(
        "INSERT INTO shared.plans (name, requests_per_minute) VALUES ('noisy', {ALLOWED}) \
             ON CONFLICT (name) DO UPDATE SET requests_per_minute = EXCLUDED.requests_per_minute; \
         UPDATE shared.tenants SET plan = 'noisy' WHERE slug = '{}'",
        tenant.slug()
    );
    Ok(site.client().await?.batch_execute(&sql).await?)
}
