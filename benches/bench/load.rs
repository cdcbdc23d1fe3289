//! Load from a process of its own: this program started again, told by a job what to ask and by rounds how much of it.
//!
//! One thread drives all connections, so that the load leaves as much of the machine as it can to what is measured.

mod connection;
mod http;
mod key;
mod sql;
mod tally;

use std::io::{BufRead, BufReader, Write, stdin, stdout};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::process;
pub(crate) use http::{HUNG_UP, HttpJob, LEAK, Order, Target};
pub(crate) use sql::{Question, SqlJob, SqlTenant};
pub(crate) use tally::Outcome;

/// What a load process does.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Job {
    /// Requests to the server.
    Http(HttpJob),
    /// Queries to the database.
    Sql(SqlJob),
}

/// How much of a job is done at a time. Whichever end comes first ends the round.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Round {
    /// Requests, over all connections.
    pub(crate) requests: u32,
    /// How long it may take.
    pub(crate) time: Duration,
    /// Requests a second; unset: as fast as they are answered. Their latency counts from when they were due.
    pub(crate) pace: Option<f64>,
}

impl Round {
    /// So many requests, as fast as they are answered.
    pub(crate) fn of(requests: u32) -> Self {
        Self {
            requests,
            time: Duration::from_mins(10),
            pace: None,
        }
    }

    /// As many requests as are answered in that time.
    pub(crate) fn lasting(time: Duration) -> Self {
        Self {
            requests: u32::MAX,
            time,
            pace: None,
        }
    }

    /// The same round at so many requests a second.
    pub(crate) fn at(self, pace: f64) -> Self {
        Self {
            pace: Some(pace),
            ..self
        }
    }

    /// How long the round takes when all is well: zero without a pace.
    pub(crate) fn expected(&self) -> Duration {
        self.pace.map_or(Duration::ZERO, |pace| {
            Duration::from_secs_f64(f64::from(self.requests) / pace)
        })
    }
}

/// A load process. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Load {
    child: Child,
    /// Where rounds go; closing it ends the process.
    rounds: Option<ChildStdin>,
    outcomes: BufReader<ChildStdout>,
}

impl Load {
    /// Starts a load process.
    ///
    /// # Errors
    /// A process that cannot be started.
    pub(crate) fn start(job: &Job) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("--load")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("Failed to start a load process")?;
        let rounds = child.stdin.take();
        let outcomes = child
            .stdout
            .take()
            .context("the load process has no stdout")?;
        let mut load = Self {
            child,
            rounds,
            outcomes: BufReader::new(outcomes),
        };
        load.send(job)?;
        Ok(load)
    }

    /// Does a round and gives what came of it.
    ///
    /// # Errors
    /// A load process that failed; it has said why on stderr.
    pub(crate) fn run(&mut self, round: Round) -> anyhow::Result<Outcome> {
        self.begin(round)?;
        self.finish()
    }

    /// Begins a round.
    ///
    /// # Errors
    /// A load process that has ended.
    pub(crate) fn begin(&mut self, round: Round) -> anyhow::Result<()> {
        self.send(&round)
    }

    /// Waits for the round that was begun.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub(crate) fn finish(&mut self) -> anyhow::Result<Outcome> {
        let mut line = String::new();
        self.outcomes.read_line(&mut line)?;
        serde_json::from_str(&line).context("a load process failed")
    }

    /// CPU time that the process has used.
    pub(crate) fn cpu(&self) -> Duration {
        process::cpu(self.child.id())
    }

    fn send(&mut self, message: &impl Serialize) -> anyhow::Result<()> {
        let rounds = self.rounds.as_mut().context("a load process has ended")?;
        writeln!(rounds, "{}", serde_json::to_string(message)?)?;
        Ok(rounds.flush()?)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        drop(self.rounds.take());
        // It may be in the middle of a round that nobody waits for any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The other half: this process as a load process. Ends with its stdin.
///
/// # Errors
/// A job or round that cannot be read, or connections that cannot be opened.
pub(crate) fn serve() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut lines = stdin().lock().lines();
    let Some(job) = lines.next() else {
        return Ok(());
    };
    let mut worker = Worker::new(serde_json::from_str(&job?)?);
    for line in lines {
        let round: Round = serde_json::from_str(&line?)?;
        let outcome = runtime.block_on(worker.run(round))?;
        let mut out = stdout().lock();
        writeln!(out, "{}", serde_json::to_string(&outcome)?)?;
        out.flush()?;
    }
    Ok(())
}

/// Does a job, round by round.
enum Worker {
    Http(http::Requests),
    Sql(sql::Queries),
}

impl Worker {
    fn new(job: Job) -> Self {
        match job {
            Job::Http(job) => Self::Http(http::Requests::new(job)),
            Job::Sql(job) => Self::Sql(sql::Queries::new(job)),
        }
    }

    async fn run(&mut self, round: Round) -> anyhow::Result<Outcome> {
        match self {
            Self::Http(requests) => requests.run(round).await,
            Self::Sql(queries) => queries.run(round).await,
        }
    }
}
