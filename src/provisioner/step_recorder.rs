//! The record of a run's steps and how long each took, written with the run's own transaction.

use std::time::Instant;

use chrono::{DateTime, Utc};
use connection::PlatformConn;
use diesel::QueryResult;
use platform_schema::{NewRunStep, RunStatus};
use uuid::Uuid;

/// Times the steps of a run.
#[derive(Debug)]
pub struct StepRecorder {
    /// Wall clock and monotonic clock at the end of the step before.
    since: (DateTime<Utc>, Instant),
    steps: Vec<RecordedStep>,
}

#[derive(Debug)]
struct RecordedStep {
    name: &'static str,
    started_at: DateTime<Utc>,
    finished_at: DateTime<Utc>,
    duration_us: i64,
}

impl StepRecorder {
    /// Starts the clock.
    pub fn start() -> Self {
        Self {
            since: (Utc::now(), Instant::now()),
            steps: Vec::new(),
        }
    }

    /// Ends the step that began with the end of the one before it.
    pub fn step(&mut self, name: &'static str) {
        let (started_at, started) =
            std::mem::replace(&mut self.since, (Utc::now(), Instant::now()));
        let duration_us = i64::try_from(started.elapsed().as_micros()).unwrap_or(i64::MAX);
        self.steps.push(RecordedStep {
            name,
            started_at,
            finished_at: self.since.0,
            duration_us,
        });
    }

    /// Writes the steps of a run that succeeded, from the place `first` on.
    ///
    /// # Errors
    /// What the database says.
    pub async fn write(&self, run_id: Uuid, first: i32, conn: &PlatformConn) -> QueryResult<()> {
        let rows: Vec<NewRunStep> = (first..)
            .zip(&self.steps)
            .map(|(position, step)| step.row(run_id, position))
            .collect();
        NewRunStep::insert_all(&rows, conn).await
    }
}

impl RecordedStep {
    fn row(&self, run_id: Uuid, position: i32) -> NewRunStep {
        NewRunStep {
            run_id,
            position,
            name: self.name.to_owned(),
            status: RunStatus::Succeeded,
            duration_us: Some(self.duration_us),
            started_at: self.started_at,
            finished_at: Some(self.finished_at),
        }
    }
}
