//! `GET users/{id}` over many more tenants than there are connections, against binding and query written by hand.

use crate::duel::Duel;
use crate::load::{HttpJob, Job, SqlJob};
use crate::report::Row;
use crate::request_by_id::user_by_key;
use crate::server::Server;
use crate::site::{MARKS, Member, Site};

/// Tenants, asked uniformly at random.
const TENANTS: u32 = 2_000;

/// Keep-alive connections.
const CLIENTS: usize = 32;

/// Database connections of each side.
const CONNECTIONS: usize = 20;

/// Requests of each side.
const REQUESTS: u32 = 20_000;

/// Measures the row.
///
/// # Errors
/// A site, a server or a load that fails.
pub(crate) async fn measure(site: &mut Site) -> anyhow::Result<Option<Row>> {
    let tenants = site.options().scaled(TENANTS, 100);
    let members = site.tenants(tenants).await?;
    let most = CONNECTIONS.to_string();
    let mut settings = site.options().server_settings();
    settings.extend([
        ("POOL_MAX_CONNECTIONS", most.as_str()),
        ("POOL_MAX_PER_TENANT", "2"),
    ]);
    let server = Server::start(site.url(), &settings)?;
    let ours = HttpJob {
        marks: Some(MARKS.to_owned()),
        ..HttpJob::new(server.address(), CLIENTS, site.by_id(&members)?)
    };
    let limit = SqlJob {
        url: site.url().to_owned(),
        connections: CONNECTIONS,
        tenants: members.iter().map(Member::for_queries).collect(),
        rebinds: true,
        questions: vec![user_by_key()],
    };
    let requests = site.options().scaled(REQUESTS, 500);
    let (ours, limit) = (Job::Http(ours), Job::Sql(limit));
    let duel = Duel::fight(site, &server, &ours, &limit, requests)?;
    Ok(duel.map(|duel| {
        let mut row = duel.row("request_cold", 0.8);
        row.note(format!("{tenants} tenants"));
        row
    }))
}
