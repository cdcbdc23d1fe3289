//! `GET users?per_page=20` of a tenant with many users, against the same page and count by prepared statements.

use crate::duel::Duel;
use crate::load::{HttpJob, Job, Question, SqlJob, Target};
use crate::report::Row;
use crate::request_by_id::COLUMNS;
use crate::server::Server;
use crate::site::{MARKS, Member, Site};

/// Users of the tenant, besides its admin.
const USERS: u32 = 9_999;

/// Users on a page.
const PAGE: usize = 20;

/// Keep-alive connections of the one side, database connections of the other: what one tenant may hold.
const CONNECTIONS: usize = 8;

/// Requests of each side.
const REQUESTS: u32 = 10_000;

/// Measures the row.
///
/// # Errors
/// A site, a server or a load that fails.
pub(crate) async fn measure(site: &mut Site) -> anyhow::Result<Option<Row>> {
    let member = site.tenant("crowd", USERS).await?;
    let server = Server::start(site.url(), &site.options().server_settings())?;
    let path = format!("/api/v1/tenants/{}/users?per_page={PAGE}", member.slug());
    let page = Target {
        holds: member.mark(),
        ..Target::get(&path, Vec::new(), Some(&site.bearer(&member)?))
    };
    let ours = HttpJob {
        marks: Some(MARKS.to_owned()),
        ..HttpJob::new(server.address(), CONNECTIONS, vec![page])
    };
    let requests = site.options().scaled(REQUESTS, 100);
    let (ours, limit) = (Job::Http(ours), Job::Sql(limit(site, &member)));
    let duel = Duel::fight(site, &server, &ours, &limit, requests)?;
    Ok(duel.map(|duel| duel.row("request_page", 0.6)))
}

fn limit(site: &Site, member: &Member) -> SqlJob {
    let question = |sql: String, rows| Question {
        sql,
        takes_an_id: false,
        rows,
    };
    let page = format!(
        "SELECT {COLUMNS} FROM users WHERE deleted_at IS NULL ORDER BY created_at, id LIMIT {PAGE} OFFSET 0"
    );
    let count = "SELECT count(*) FROM users WHERE deleted_at IS NULL";
    SqlJob {
        url: site.url().to_owned(),
        connections: CONNECTIONS,
        tenants: vec![member.for_queries()],
        rebinds: false,
        questions: vec![question(page, PAGE), question(count.to_owned(), 1)],
    }
}
