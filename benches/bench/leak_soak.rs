//! Twin tenants, whose users have equal keys, asked in any order while clients hang up, handlers panic and statements time
//! out: no answer may show another tenant's mark. Directly, and through a pooler of transactions.

mod control;

use std::collections::BTreeMap;
use std::process::Command;
use std::time::{Duration, Instant};

use test_app::{PgBouncer, PoolMode};

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

/// Sessions of the database behind the pooler, half of what the pool opens, so that they change hands, too.
const SESSIONS: u32 = 8;

/// Connections that ask for trouble.
const TROUBLED: usize = 4;

/// Requests each way.
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
    let requests = site.options().scaled(REQUESTS, 2_000);
    let direct = Soak::of(requests, site, &Way::Direct, &members)?;
    if !PgBouncer::is_installed() {
        let mut row = Row::new("leak_soak", "leaks", direct.right);
        row.figure(direct.leaks().into());
        direct.report("direct", &mut row);
        row.note("not measured through PgBouncer, which is not installed".to_owned());
        return Ok(Some(row));
    }
    let bouncer = PgBouncer::start_at(site.url(), PoolMode::Transaction, SESSIONS);
    let pooled = Soak::of(requests, site, &Way::Pooled(bouncer.url()), &members)?;
    let mut row = Row::new("leak_soak", "leaks", direct.right + pooled.right);
    row.figure((direct.leaks() + pooled.leaks()).into());
    direct.report("direct", &mut row);
    pooled.report("through PgBouncer", &mut row);
    // The naive way leaves its roles and paths in the pooler's sessions, so it gets a pooler of its own.
    let bouncer = PgBouncer::start_at(site.url(), PoolMode::Transaction, SESSIONS);
    control::measure(site, bouncer.url(), &members, &mut row)?;
    Ok(Some(row))
}

/// How the server reaches the database.
enum Way<'a> {
    Direct,
    /// By that URL, and directly for what no pooler can do.
    Pooled(&'a str),
}

/// What a server in trouble has answered so far.
#[derive(Default)]
struct Soak {
    asked: u32,
    right: usize,
    took: Duration,
    /// What the calm clients saw besides right answers.
    others: BTreeMap<String, u32>,
    /// What those in trouble saw.
    trouble: BTreeMap<String, u32>,
}

/// Who asks the server.
struct Clients {
    calm: Load,
    panics: Load,
    timeouts: Load,
    /// Last, so that it stops after all who ask it.
    _server: Server,
}

impl Clients {
    fn start(site: &Site, way: &Way<'_>, members: &[Member]) -> anyhow::Result<Self> {
        let mut program = Command::new(std::env::current_exe()?);
        program.arg("--troubled");
        let mut settings = vec![
            ("POOL_MAX_CONNECTIONS", CONNECTIONS),
            ("STATEMENT_TIMEOUT", STATEMENT_TIMEOUT),
            // The panics are made on purpose, and telling of each would take longer than the requests.
            ("RUST_BACKTRACE", "0"),
        ];
        let (log, url) = match way {
            Way::Direct => ("leak_soak_direct.log", site.url()),
            Way::Pooled(url) => {
                settings.push(("DIRECT_DATABASE_URL", site.url()));
                ("leak_soak_pooled.log", *url)
            }
        };
        let server = Server::run(program, log, url, &settings)?;
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
            _server: server,
        })
    }
}

impl Soak {
    /// Asks until so many requests were sent.
    fn of(requests: u32, site: &Site, way: &Way<'_>, members: &[Member]) -> anyhow::Result<Self> {
        let mut clients = Clients::start(site, way, members)?;
        let mut soak = Self::default();
        let begun = Instant::now();
        while soak.asked < requests {
            let chunk = CHUNK.min(requests - soak.asked);
            clients.panics.begin(Round::of(PANICS))?;
            clients.timeouts.begin(Round::of(TIMEOUTS))?;
            let calm = clients.calm.run(Round::of(chunk))?;
            soak.right += calm.latencies.len();
            add(&mut soak.others, calm.others);
            for load in [&mut clients.panics, &mut clients.timeouts] {
                add(&mut soak.trouble, load.finish()?.others);
            }
            soak.asked += chunk;
        }
        soak.took = begun.elapsed();
        Ok(soak)
    }

    /// How often another tenant's mark was seen by anybody.
    fn leaks(&self) -> u32 {
        of(&self.others, LEAK) + of(&self.trouble, LEAK)
    }

    /// Tells of the soak: leaks anywhere, and errors of those who made no trouble.
    fn report(self, how: &str, row: &mut Row) {
        row.aim(
            format!("leaks, {how}"),
            self.leaks().into(),
            Bound::AtMost(0.0),
        );
        let hung_up = of(&self.others, HUNG_UP);
        let unexpected = self.others.into_iter().filter(|(kind, _)| kind != HUNG_UP);
        row.errors(&unexpected.collect());
        row.note(format!(
            "{how}: {} requests, {} right answers, {:.0} a second; {hung_up} clients hung up; trouble: {:?}",
            self.asked,
            self.right,
            number(self.right) / self.took.as_secs_f64(),
            self.trouble
        ));
    }
}

fn of(counts: &BTreeMap<String, u32>, kind: &str) -> u32 {
    counts.get(kind).copied().unwrap_or_default()
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
