//! Twin tenants, whose users have equal keys, asked in any order while clients hang up, handlers panic and statements time
//! out: no answer may show another tenant's mark.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::figures::number;
use crate::load::{HUNG_UP, HttpJob, Job, LEAK, Load, Round, Target};
use crate::report::{Bound, Row};
use crate::server::Server;
use crate::site::{MARKS, Member, Site};

/// Tenants that are alike.
const TENANTS: u32 = 50;

/// Keep-alive connections, twice what the pool opens, so that leases change hands all the time.
const CLIENTS: usize = 32;

/// Database connections.
const CONNECTIONS: &str = "16";

/// Connections that ask for trouble.
const TROUBLED: usize = 4;

/// Requests.
const REQUESTS: u32 = 1_000_000;

/// Share of the requests whose client hangs up.
const HANG_UPS: f64 = 0.02;

/// Requests of one chunk, beside which trouble is made anew.
const CHUNK: u32 = 20_000;

/// Panics of a chunk.
const PANICS: u32 = 200;

/// Statements of a chunk that time out.
const TIMEOUTS: u32 = 4;

/// Seconds that a statement may take.
const STATEMENT_TIMEOUT: &str = "1";

/// Measures the row.
///
/// # Errors
/// A site, a server or a load that fails.
pub(crate) async fn measure(site: &mut Site) -> anyhow::Result<Option<Row>> {
    let members = site.tenants(TENANTS).await?;
    let mut soak = Soak::start(site, site.url(), &members)?;
    let requests = site.options().scaled(REQUESTS, 2_000);
    soak.run(requests)?;
    let mut row = Row::new("leak_soak", "leaks", soak.right);
    soak.report("direct", &mut row);
    Ok(Some(row))
}

/// A server in trouble and what it has answered so far.
struct Soak {
    calm: Load,
    panics: Load,
    timeouts: Load,
    right: usize,
    took: Duration,
    /// What the calm clients saw besides right answers.
    others: BTreeMap<String, u32>,
    /// What those in trouble saw.
    trouble: BTreeMap<String, u32>,
    /// Last, so that it stops after all who ask it.
    _server: Server,
}

impl Soak {
    fn start(site: &Site, url: &str, members: &[Member]) -> anyhow::Result<Self> {
        let mut program = Command::new(std::env::current_exe()?);
        program.arg("--troubled");
        let settings = [
            ("POOL_MAX_CONNECTIONS", CONNECTIONS),
            ("STATEMENT_TIMEOUT", STATEMENT_TIMEOUT),
        ];
        let server = Server::run(program, url, &settings)?;
        let load = |targets, clients, hang_ups| {
            let job = HttpJob {
                marks: Some(MARKS.to_owned()),
                hang_ups,
                ..HttpJob::new(server.address(), clients, targets)
            };
            Load::start(&Job::Http(job))
        };
        let mut calm = site.by_id(members)?;
        calm.extend(pages(site, members)?);
        Ok(Self {
            calm: load(calm, CLIENTS, HANG_UPS)?,
            panics: load(troubled(site, members, "panic")?, TROUBLED, 0.0)?,
            timeouts: load(troubled(site, members, "slow")?, TROUBLED, 0.5)?,
            right: 0,
            took: Duration::ZERO,
            others: BTreeMap::new(),
            trouble: BTreeMap::new(),
            _server: server,
        })
    }

    /// Asks until so many requests were sent.
    fn run(&mut self, requests: u32) -> anyhow::Result<()> {
        let begun = Instant::now();
        let mut left = requests;
        while left > 0 {
            let chunk = left.min(CHUNK);
            self.panics.begin(Round::of(PANICS))?;
            self.timeouts.begin(Round::of(TIMEOUTS))?;
            let calm = self.calm.run(Round::of(chunk))?;
            self.right += calm.latencies.len();
            add(&mut self.others, calm.others);
            for load in [&mut self.panics, &mut self.timeouts] {
                add(&mut self.trouble, load.finish()?.others);
            }
            left -= chunk;
        }
        self.took += begun.elapsed();
        Ok(())
    }

    /// Tells of the soak: leaks anywhere, and errors of those who made no trouble.
    fn report(self, how: &str, row: &mut Row) {
        let of = |counts: &BTreeMap<String, u32>, kind: &str| {
            counts.get(kind).copied().unwrap_or_default()
        };
        let leaks = of(&self.others, LEAK) + of(&self.trouble, LEAK);
        row.figure(leaks.into());
        row.aim(format!("leaks, {how}"), leaks.into(), Bound::AtMost(0.0));
        let hung_up = of(&self.others, HUNG_UP);
        let unexpected = self.others.into_iter().filter(|(kind, _)| kind != HUNG_UP);
        row.errors(&unexpected.collect());
        row.note(format!(
            "{how}: {} right answers, {:.0} a second; {hung_up} clients hung up; trouble: {:?}",
            self.right,
            number(self.right) / self.took.as_secs_f64(),
            self.trouble
        ));
    }
}

/// Requests for lists, whose answers show a mark in every row.
fn pages(site: &Site, members: &[Member]) -> anyhow::Result<Vec<Target>> {
    let targets = members.iter().map(|member| {
        let path = format!("/api/v1/tenants/{}/users?per_page=5", member.slug());
        let bearer = site.bearer(member)?;
        Ok(Target {
            holds: member.mark(),
            ..Target::get(&path, Vec::new(), Some(&bearer))
        })
    });
    targets.collect()
}

/// Requests that no right answer is expected to.
fn troubled(site: &Site, members: &[Member], route: &str) -> anyhow::Result<Vec<Target>> {
    let targets = members.iter().map(|member| {
        let path = format!("/api/v1/tenants/{}/{route}", member.slug());
        let bearer = site.bearer(member)?;
        Ok(Target {
            holds: member.mark(),
            ..Target::get(&path, Vec::new(), Some(&bearer))
        })
    });
    targets.collect()
}

fn add(all: &mut BTreeMap<String, u32>, more: BTreeMap<String, u32>) {
    for (kind, count) in more {
        *all.entry(kind).or_default() += count;
    }
}
