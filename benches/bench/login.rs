//! Logins at the production cost of a password, against bcrypt alone on as many threads, and what a neighbour feels of them.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use anyhow::ensure;
use futures_util::future::try_join_all;
use reqwest::Client;
use rowhouse::pepper::password::{Password, PasswordHasher};
use serde_json::{Value, json};
use test_app::PASSWORD;

use crate::figures::{median, millis, number, percentile};
use crate::load::{HttpJob, Job, Load, Round};
use crate::report::{Bound, Row};
use crate::server::Server;
use crate::site::{Member, Site, USERS};

/// Who logs in.
const ADMIN: &str = "admin";

/// The cost of a password in production.
const COST: u32 = 12;

/// Passwords that the server hashes at once.
const AT_ONCE: NonZeroUsize = NonZeroUsize::MIN;

/// Clients that log in one after the other.
const CLIENTS: usize = 4;

/// Logins of each client in a round.
const LOGINS: u32 = 5;

/// Rounds with logins, and as many with bcrypt alone, by turns.
const ROUNDS: usize = 5;

/// Requests a second of the neighbour, and its connections.
const PACE: f64 = 10.0;
const NEIGHBOURS: usize = 4;

/// What passwords are mixed with.
const PEPPER: &str = "a pepper that only this row knows";

/// What the server is told: how many passwords it hashes, and no limit of tries.
const SETTINGS: [(&str, &str); 5] = [
    ("PASSWORD_PEPPER", PEPPER),
    ("PASSWORD_COST", "12"),
    ("PASSWORD_THREADS", "1"),
    ("RATE_PER_ADDRESS", "0"),
    ("RATE_PER_ACCOUNT", "0"),
];

/// Measures the row.
///
/// # Errors
/// A site, a server, a login or a load that fails.
pub(crate) async fn measure(site: &mut Site) -> anyhow::Result<Option<Row>> {
    let (member, neighbour) = (
        site.tenant("login", USERS).await?,
        site.tenant("neighbour", USERS).await?,
    );
    let settings = [&site.options().server_settings()[..], &SETTINGS].concat();
    let server = Server::start(site.url(), &settings)?;
    let address = server.address();
    let door = Door::of(address, &member);
    let job = HttpJob::new(address, NEIGHBOURS, site.by_id(&[neighbour])?);
    let mut load = Load::start(&Job::Http(job))?;
    let logins = site.options().scaled(LOGINS, 1);
    let hasher = PasswordHasher::new(&PEPPER.to_owned().into(), COST, AT_ONCE, 0)?;
    give_password(site, &member, &hasher).await?;
    door.storm(1).await?;
    let (mut ours, mut alone, mut quiet, mut beside) = (vec![], vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        let round = Round::lasting(Duration::from_secs(5)).at(PACE);
        quiet.extend(load.run(round)?.latencies);
        load.begin(round)?;
        ours.push(door.storm(logins).await?);
        beside.extend(load.finish()?.latencies);
        alone.push(hashes(&hasher, logins).await?);
    }
    quiet.sort_unstable();
    beside.sort_unstable();
    let count = ROUNDS * CLIENTS * usize::try_from(logins)?;
    let mut row = Row::new("login", "1/s", count);
    row.compare(median(ours), median(alone), Bound::AtLeast(0.9));
    let p95 = |sorted: &[u32]| millis(percentile(sorted, 95));
    let (with, without) = (p95(&beside), p95(&quiet));
    row.aim(
        "other requests' p95, beside ÷ alone",
        with / without,
        Bound::AtMost(1.2),
    );
    row.note(format!(
        "{CLIENTS} clients, cost {COST}, one thread for passwords; a neighbour's p95 {with:.2} ms beside, {without:.2} ms alone"
    ));
    Ok(Some(row))
}

/// Where an admin logs in, and with what.
struct Door {
    client: Client,
    url: String,
    credentials: Value,
}

impl Door {
    fn of(address: SocketAddr, member: &Member) -> Self {
        Self {
            client: Client::new(),
            url: format!(
                "http://{address}/api/v1/tenants/{}/auth/login",
                member.slug()
            ),
            credentials: json!({ "username": ADMIN, "password": PASSWORD }),
        }
    }

    /// Logs in as often by each client, and gives logins a second.
    async fn storm(&self, logins: u32) -> anyhow::Result<f64> {
        let begun = Instant::now();
        let clients = (0..CLIENTS).map(async |_| {
            for _ in 0..logins {
                let request = self.client.post(&self.url).json(&self.credentials);
                let status = request.send().await?.status();
                ensure!(status.is_success(), "a login was answered with {status}");
            }
            anyhow::Ok(())
        });
        try_join_all(clients).await?;
        Ok(rate(logins, begun.elapsed()))
    }
}

/// Gives the tenant's admin a password, hashed as the server under test does it.
async fn give_password(
    site: &Site,
    member: &Member,
    hasher: &PasswordHasher,
) -> anyhow::Result<()> {
    let hash = hasher
        .hash(&Password::presented(PASSWORD.to_owned())?)
        .await?;
    let sql = format!(
        "UPDATE tenant_{}.users SET password_hash = $1 WHERE username = $2",
        member.id()
    );
    let client = site.client().await?;
    let changed = client.execute(&sql, &[&hash.expose(), &ADMIN]).await?;
    ensure!(changed == 1, "the tenant has no `{ADMIN}`");
    Ok(())
}

/// Hashes as many passwords as a storm of so many logins checks, and gives hashes a second.
async fn hashes(hasher: &PasswordHasher, logins: u32) -> anyhow::Result<f64> {
    let password = Password::presented(PASSWORD.to_owned())?;
    let begun = Instant::now();
    for _ in 0..CLIENTS * usize::try_from(logins)? {
        hasher.hash(&password).await?;
    }
    Ok(rate(logins, begun.elapsed()))
}

fn rate(logins: u32, time: Duration) -> f64 {
    number(CLIENTS) * f64::from(logins) / time.as_secs_f64()
}
