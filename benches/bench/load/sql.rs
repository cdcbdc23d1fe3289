//! Queries to the database: the least that the same answers cost without Rowhouse.

use std::sync::Arc;

use anyhow::Context;
use futures_util::future::{try_join, try_join_all};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use tokio_postgres::{Client, NoTls, Row, Statement};
use uuid::Uuid;

use super::Round;
use super::key::Key;
use super::tally::{Outcome, Ticket, Tickets};

/// Queries to the database, prepared once on each connection.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SqlJob {
    /// Where the database is.
    pub(crate) url: String,
    /// Connections, each with one query under way at a time.
    pub(crate) connections: usize,
    /// Whose rows are asked for: the first connection is bound to the first, and so on.
    pub(crate) tenants: Vec<SqlTenant>,
    /// Whether every query is for a tenant chosen at random, to whom the connection is bound first.
    pub(crate) rebinds: bool,
    /// What is asked, all in one go.
    pub(crate) questions: Vec<Question>,
}

/// A tenant as the database knows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SqlTenant {
    /// The message that binds a connection.
    pub(crate) binding: String,
    /// Keys of rows that are there.
    pub(crate) ids: Vec<Uuid>,
}

/// A query and how it is known to be answered rightly.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Question {
    /// The query.
    pub(crate) sql: String,
    /// Whether `$1` is the key of a row, which is then the answer's first column.
    pub(crate) takes_an_id: bool,
    /// How many rows there are.
    pub(crate) rows: usize,
}

/// The job as it is worked on.
pub(super) struct Queries {
    job: Arc<SqlJob>,
    /// Connections between rounds.
    idle: Vec<Prepared>,
}

/// A connection with the job's queries prepared on it.
struct Prepared {
    client: Client,
    statements: Vec<Statement>,
    /// Whom it is bound to.
    tenant: usize,
}

impl Queries {
    pub(super) fn new(job: SqlJob) -> Self {
        Self {
            job: Arc::new(job),
            idle: Vec::new(),
        }
    }

    /// Does a round over connections that are open, bound and prepared when it begins.
    pub(super) async fn run(&mut self, round: Round) -> anyhow::Result<Outcome> {
        if self.idle.is_empty() {
            let opening = (0..self.job.connections).map(|place| prepare(&self.job, place));
            self.idle = try_join_all(opening).await?;
        }
        let tickets = Arc::new(Tickets::begin(round));
        let mut tasks = JoinSet::new();
        for prepared in self.idle.drain(..) {
            tasks.spawn(work(Arc::clone(&self.job), prepared, Arc::clone(&tickets)));
        }
        let mut outcome = Outcome::default();
        while let Some(part) = tasks.join_next().await {
            let (part, prepared) = part?;
            outcome.absorb(part);
            self.idle.push(prepared);
        }
        outcome.took = tickets.took();
        Ok(outcome)
    }
}

async fn prepare(job: &SqlJob, place: usize) -> anyhow::Result<Prepared> {
    let tenant = place.checked_rem(job.tenants.len()).unwrap_or_default();
    let (client, driver) = tokio_postgres::connect(&job.url, NoTls)
        .await
        .context("Failed to connect to the database")?;
    tokio::spawn(driver);
    let binding = job.tenants.get(tenant).context("there is no tenant")?;
    client.batch_execute(&binding.binding).await?;
    let preparing = job
        .questions
        .iter()
        .map(|question| client.prepare(&question.sql));
    let statements = try_join_all(preparing).await?;
    Ok(Prepared {
        client,
        statements,
        tenant,
    })
}

async fn work(
    job: Arc<SqlJob>,
    mut prepared: Prepared,
    tickets: Arc<Tickets>,
) -> (Outcome, Prepared) {
    let mut outcome = Outcome::default();
    while let Some(ticket) = tickets.next().await {
        prepared.ask(&job, ticket, &mut outcome).await;
    }
    (outcome, prepared)
}

impl Prepared {
    async fn ask(&mut self, job: &SqlJob, ticket: Ticket, outcome: &mut Outcome) {
        if job.rebinds {
            self.tenant = fastrand::usize(..job.tenants.len());
        }
        let Some(tenant) = job.tenants.get(self.tenant) else {
            return;
        };
        let id = fastrand::choice(&tenant.ids).copied().unwrap_or_default();
        let answers = self.answers(job, id);
        // The binding goes ahead without being waited for: the database answers in order.
        let answers = if job.rebinds {
            try_join(self.client.batch_execute(&tenant.binding), answers)
                .await
                .map(|((), answers)| answers)
        } else {
            answers.await
        };
        match answers {
            Ok(answers) if are_right(&job.questions, &answers, id) => outcome.answered(ticket.due),
            Ok(_) => outcome.count("wrong rows"),
            Err(error) => outcome.count(error.to_string()),
        }
    }

    async fn answers(
        &self,
        job: &SqlJob,
        id: Uuid,
    ) -> Result<Vec<Vec<Row>>, tokio_postgres::Error> {
        let asking = job.questions.iter().zip(&self.statements);
        try_join_all(asking.map(async |(question, statement)| {
            if question.takes_an_id {
                self.client.query(statement, &[&Key(id)]).await
            } else {
                self.client.query(statement, &[]).await
            }
        }))
        .await
    }
}

fn are_right(questions: &[Question], answers: &[Vec<Row>], id: Uuid) -> bool {
    questions.iter().zip(answers).all(|(question, rows)| {
        let has_the_id = || {
            rows.first()
                .is_some_and(|row| row.try_get(0).is_ok_and(|Key(key)| key == id))
        };
        rows.len() == question.rows && (!question.takes_an_id || has_the_id())
    })
}
