//! Requests to the server: which, over how many connections, and what a right answer is.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::Round;
use super::connection::{Answer, Connection, find};
use super::tally::{Outcome, Ticket, Tickets};

/// Longest that a client waits before it hangs up, in microseconds: about as long as an answer takes.
const PATIENCE: u64 = 2_000;

/// Requests to the server.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct HttpJob {
    /// Where the server listens.
    pub(crate) address: SocketAddr,
    /// Keep-alive connections.
    pub(crate) connections: usize,
    /// What is asked.
    pub(crate) targets: Vec<Target>,
    /// In which order.
    pub(crate) order: Order,
    /// What begins every tenant's own mark in a body. A mark in an answer that is not the target's is a leak.
    pub(crate) marks: Option<String>,
    /// Share of the requests whose client hangs up before the answer.
    pub(crate) hang_ups: f64,
}

impl HttpJob {
    /// Requests for targets chosen at random.
    pub(crate) fn new(address: SocketAddr, connections: usize, targets: Vec<Target>) -> Self {
        Self {
            address,
            connections,
            targets,
            order: Order::Random,
            marks: None,
            hang_ups: 0.0,
        }
    }
}

/// The order in which targets are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Order {
    /// Uniformly at random.
    Random,
    /// One after the other, from the first again after the last.
    InTurn,
}

/// A kind of request, and what its right answer is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Target {
    /// The request up to the id.
    pub(crate) head: String,
    /// Ids, of which one is chosen at random and has to be in the body; none: there is no id in the request.
    pub(crate) ids: Vec<String>,
    /// The request after the id.
    pub(crate) tail: String,
    /// The status of the right answer.
    pub(crate) status: u16,
    /// What else has to be in the body; with marks, the target's own.
    pub(crate) holds: String,
}

impl Target {
    /// A `GET` of a path, or of a path and one of `ids` after it, that is answered with 200.
    pub(crate) fn get(path: &str, ids: Vec<String>, bearer: Option<&str>) -> Self {
        let authorization = bearer
            .map(|token| format!("authorization: Bearer {token}\r\n"))
            .unwrap_or_default();
        Self {
            head: format!("GET {path}"),
            ids,
            tail: format!(" HTTP/1.1\r\nhost: localhost\r\n{authorization}\r\n"),
            status: 200,
            holds: String::new(),
        }
    }
}

/// The job as it is worked on.
pub(super) struct Requests {
    job: Arc<HttpJob>,
}

impl Requests {
    pub(super) fn new(job: HttpJob) -> Self {
        Self { job: Arc::new(job) }
    }

    /// Does a round over connections that are open when it begins.
    pub(super) async fn run(&mut self, round: Round) -> anyhow::Result<Outcome> {
        let opening = (0..self.job.connections).map(|_| Connection::open(self.job.address));
        let connections = try_join_all(opening)
            .await
            .context("Failed to connect to the server")?;
        let tickets = Arc::new(Tickets::begin(round));
        let mut clients = JoinSet::new();
        for connection in connections {
            let client = Client {
                job: Arc::clone(&self.job),
                connection: Some(connection),
                request: Vec::new(),
                outcome: Outcome::default(),
            };
            clients.spawn(client.work(Arc::clone(&tickets)));
        }
        let mut outcome = Outcome::default();
        while let Some(part) = clients.join_next().await {
            outcome.absorb(part?);
        }
        outcome.took = tickets.took();
        Ok(outcome)
    }
}

/// Whoever sits at one connection.
struct Client {
    job: Arc<HttpJob>,
    /// None after the connection was lost or given up.
    connection: Option<Connection>,
    request: Vec<u8>,
    outcome: Outcome,
}

impl Client {
    async fn work(mut self, tickets: Arc<Tickets>) -> Outcome {
        while let Some(ticket) = tickets.next().await {
            self.ask(ticket).await;
        }
        self.outcome
    }

    async fn ask(&mut self, ticket: Ticket) {
        let job = Arc::clone(&self.job);
        let Some((target, id)) = choose(&job, ticket) else {
            return;
        };
        self.request.clear();
        for part in [&target.head, id, &target.tail] {
            self.request.extend_from_slice(part.as_bytes());
        }
        let kept = match self.connection.take() {
            Some(connection) => Ok(connection),
            None => Connection::open(job.address).await,
        };
        let mut connection = match kept {
            Ok(connection) => connection,
            Err(error) => return self.outcome.count(error.kind().to_string()),
        };
        if job.hang_ups > 0.0 && fastrand::f64() < job.hang_ups {
            if connection.send(&self.request).await.is_ok() {
                sleep(Duration::from_micros(fastrand::u64(..PATIENCE))).await;
            }
            return self.outcome.count(HUNG_UP);
        }
        match connection.ask(&self.request).await {
            Ok(answer) => {
                match judge(&job, target, id, &answer) {
                    Ok(()) => self.outcome.answered(ticket.due),
                    Err(kind) => self.outcome.count(kind),
                }
                self.connection = Some(connection);
            }
            Err(error) => self.outcome.count(error.kind().to_string()),
        }
    }
}

/// Requests that nobody waited for.
pub(crate) const HUNG_UP: &str = "hung up";

/// Answers that showed another tenant's mark.
pub(crate) const LEAK: &str = "leak";

/// The target of a request and the id that is asked for.
fn choose(job: &HttpJob, ticket: Ticket) -> Option<(&Target, &str)> {
    let target = match job.order {
        Order::Random => fastrand::choice(&job.targets)?,
        Order::InTurn => {
            let number = usize::try_from(ticket.number).ok()?;
            job.targets.get(number.checked_rem(job.targets.len())?)?
        }
    };
    let id = fastrand::choice(&target.ids).map_or("", String::as_str);
    Some((target, id))
}

/// What is wrong with an answer. A leak is told before anything else.
fn judge(job: &HttpJob, target: &Target, id: &str, answer: &Answer<'_>) -> Result<(), String> {
    if let Some(marks) = &job.marks
        && shows_a_foreign_mark(answer.body, marks.as_bytes(), target.holds.as_bytes())
    {
        return Err(LEAK.to_owned());
    }
    if answer.status != target.status {
        return Err(format!("status {}", answer.status));
    }
    let holds = |part: &str| part.is_empty() || find(answer.body, part.as_bytes()).is_some();
    if holds(id) && holds(&target.holds) {
        Ok(())
    } else {
        Err("wrong body".to_owned())
    }
}

fn shows_a_foreign_mark(body: &[u8], marks: &[u8], own: &[u8]) -> bool {
    let mut rest = body;
    while let Some(position) = find(rest, marks) {
        let mark = rest.get(position..).unwrap_or_default();
        if !mark.starts_with(own) {
            return true;
        }
        rest = mark.get(marks.len()..).unwrap_or_default();
    }
    false
}
