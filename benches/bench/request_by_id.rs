//! `GET users/{id}` with a bearer, against the same row by a prepared statement on connections that stay with one tenant.

use crate::duel::Duel;
use crate::figures::{millis, number, percentile};
use crate::load::{HttpJob, Job, Load, Question, Round, SqlJob, Target};
use crate::report::{Bound, Row};
use crate::server::Server;
use crate::site::{MARKS, Member, Site};

/// Tenants that are asked.
const TENANTS: u32 = 50;

/// Keep-alive connections of the one side, database connections of the other.
const CONNECTIONS: usize = 32;

/// Requests of each side.
const REQUESTS: u32 = 100_000;

/// Measures the row.
///
/// # Errors
/// A site, a server or a load that fails.
pub(crate) async fn measure(site: &mut Site) -> anyhow::Result<Option<Row>> {
    let members = site.tenants(TENANTS).await?;
    let server = Server::start(site.url(), &site.options().server_settings())?;
    let ours = HttpJob {
        marks: Some(MARKS.to_owned()),
        ..HttpJob::new(server.address(), CONNECTIONS, site.by_id(&members)?)
    };
    let limit = SqlJob {
        url: site.url().to_owned(),
        connections: CONNECTIONS,
        tenants: members.iter().map(Member::for_queries).collect(),
        rebinds: false,
        questions: vec![user_by_key()],
    };
    let requests = site.options().scaled(REQUESTS, 500);
    let Some(duel) = Duel::fight(site, &server, &Job::Http(ours), &Job::Sql(limit), requests)?
    else {
        return Ok(None);
    };
    let mut row = duel.row("request_by_id", 0.6);
    let p99 = |sorted: &[u32]| millis(percentile(sorted, 99));
    let tail = p99(&duel.ours.latencies) / p99(&duel.limit.latencies);
    row.aim("p99 ×", tail, Bound::AtMost(3.0));
    let cpu = duel.ours.each(duel.ours.server);
    row.aim("server CPU ms", cpu, Bound::AtMost(0.15));
    row.note(cost_of_the_load(&server, requests)?);
    Ok(Some(row))
}

/// The query of [`measure`]'s limit: the columns that the API reads of a user.
pub(crate) fn user_by_key() -> Question {
    Question {
        sql: format!("SELECT {COLUMNS} FROM users WHERE id = $1 AND deleted_at IS NULL LIMIT 1"),
        takes_an_id: true,
        rows: 1,
    }
}

/// The columns of a user.
pub(crate) const COLUMNS: &str = "id, email, username, password_hash, first_name, last_name, middle_name, image, timezone, \
     is_active, email_verified_at, settings, last_login_at, password_changed_at, created_at, updated_at, deleted_at";

/// What the load process costs by itself, seen at an endpoint that does nothing.
fn cost_of_the_load(server: &Server, requests: u32) -> anyhow::Result<String> {
    let health = Target::get("/health", Vec::new(), None);
    let job = HttpJob::new(server.address(), CONNECTIONS, vec![health]);
    let mut load = Load::start(&Job::Http(job))?;
    load.run(Round::of(requests / 10))?;
    let (serving, loading) = (server.cpu(), load.cpu());
    let outcome = load.run(Round::of(requests))?;
    let answers = number(outcome.latencies.len());
    Ok(format!(
        "`/health` in the same way: {:.0} requests/s, server {:.3} ms, load {:.3} ms of CPU a request",
        answers / outcome.took.as_secs_f64(),
        millis(server.cpu().saturating_sub(serving)) / answers,
        millis(load.cpu().saturating_sub(loading)) / answers,
    ))
}
