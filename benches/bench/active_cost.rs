//! Memory of the server and of PostgreSQL's backends while many tenants are active on few connections.

use crate::figures::number;
use crate::load::{HttpJob, Job, Load, Order, Round, Target};
use crate::process::{Memory, memory};
use crate::report::{Bound, Row};
use crate::server::Server;
use crate::site::{MARKS, Site};

/// Tenants that are active.
const TENANTS: u32 = 1_000;

/// Database connections at most, and keep-alive connections.
const CONNECTIONS: usize = 100;

/// How often each tenant is asked for in a round.
const TIMES: u32 = 5;

/// What a tenant may cost the server, in KB of 1,024 bytes.
const MOST: f64 = 256.0;

/// Measures the row.
///
/// # Errors
/// A site, a server or a load that fails.
pub(crate) async fn measure(site: &mut Site) -> anyhow::Result<Option<Row>> {
    let tenants = site.options().scaled(TENANTS, 200);
    let members = site.tenants(tenants).await?;
    let most = CONNECTIONS.to_string();
    let mut settings = site.options().server_settings();
    settings.push(("POOL_MAX_CONNECTIONS", &most));
    let server = Server::start(site.url(), &settings)?;

    // The connections of clients are no tenant's cost.
    let health = Target::get("/health", Vec::new(), None);
    let idle = HttpJob::new(server.address(), CONNECTIONS, vec![health]);
    Load::start(&Job::Http(idle))?.run(Round::of(10_000))?;
    let before = memory(server.pid())?;

    let active = HttpJob {
        order: Order::InTurn,
        marks: Some(MARKS.to_owned()),
        ..HttpJob::new(server.address(), CONNECTIONS, site.by_id(&members)?)
    };
    let mut load = Load::start(&Job::Http(active))?;
    let round = Round::of(tenants * TIMES);
    let first = load.run(round)?;
    let (after, backends) = (memory(server.pid())?, backends(site).await?);
    let second = load.run(round)?;
    let (later, later_backends) = (memory(server.pid())?, self::backends(site).await?);

    let each =
        |now: Memory| kilobytes(now.resident.saturating_sub(before.resident)) / f64::from(tenants);
    let mut row = Row::new("active_cost", "KB a tenant", members.len());
    row.figure(each(after));
    row.aim("KB a tenant", each(after), Bound::AtMost(MOST));
    row.errors(&first.others);
    row.errors(&second.others);
    row.note(format!(
        "{tenants} tenants, each asked {TIMES} times: {}; and as often again: {:.1} KB a tenant, {}",
        in_words(&backends),
        each(later),
        in_words(&later_backends)
    ));
    Ok(Some(row))
}

/// Private memory of each backend of the server under test, in KB; those that cannot be looked into are left out.
async fn backends(site: &Site) -> anyhow::Result<Vec<f64>> {
    let sql = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' \
         AND datname = current_database() AND pid <> pg_backend_pid()";
    let rows = site.client().await?.query(sql, &[]).await?;
    let mut private = Vec::new();
    for row in rows {
        let pid = u32::try_from(row.try_get::<_, i32>(0)?)?;
        private.extend(memory(pid).ok().map(|memory| kilobytes(memory.private)));
    }
    Ok(private)
}

fn in_words(backends: &[f64]) -> String {
    let largest = backends.iter().copied().fold(0.0, f64::max);
    let total: f64 = backends.iter().sum();
    format!(
        "{} backends with {:.1} MB each, {:.1} MB the largest, {:.0} MB in all",
        backends.len(),
        total / number(backends.len()).max(1.0) / 1_024.0,
        largest / 1_024.0,
        total / 1_024.0
    )
}

fn kilobytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes / 1_024).unwrap_or(u32::MAX))
}
