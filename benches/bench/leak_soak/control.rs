//! The control of the soak: the same judge over a way that is known to leak. Without leaks here, none elsewhere means
//! nothing.

use std::process::Command;

use crate::load::{HttpJob, Job, LEAK, Load, Round, Target};
use crate::report::{Bound, Row};
use crate::server::Server;
use crate::site::{MARKS, Member, Site};

/// Requests.
const REQUESTS: u32 = 2_000;

/// Asks by the naive route through a pooler of transactions, and tells the row how often another tenant's mark came back.
///
/// # Errors
/// A server or a load that fails.
pub(super) fn measure(
    site: &Site,
    pooler: &str,
    members: &[Member],
    row: &mut Row,
) -> anyhow::Result<()> {
    let mut program = Command::new(std::env::current_exe()?);
    program.args(["--troubled", "--naive", pooler]);
    let server = Server::run(program, "leak_soak_control.log", site.url(), &[])?;
    let job = HttpJob {
        marks: Some(MARKS.to_owned()),
        ..HttpJob::new(server.address(), super::CLIENTS, naive(site, members)?)
    };
    let outcome = Load::start(&Job::Http(job))?.run(Round::of(REQUESTS))?;
    let leaks = outcome.others.get(LEAK).copied().unwrap_or_default();
    row.aim("leaks, control", leaks.into(), Bound::AtLeast(1.0));
    row.note(format!(
        "control, a session bound once for each tenant, through PgBouncer: {REQUESTS} requests, {} right answers, {:?}",
        outcome.latencies.len(),
        outcome.others
    ));
    Ok(())
}

fn naive(site: &Site, members: &[Member]) -> anyhow::Result<Vec<Target>> {
    let mut targets = site.by_id(members)?;
    for target in &mut targets {
        target.head = target.head.replacen("/users/", "/naive/", 1);
    }
    Ok(targets)
}
