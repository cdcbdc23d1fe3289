//! The journal: a run and its steps, written on a connection of its own so that they outlive a rollback.

use std::collections::HashSet;
use std::time::Duration;

use aws_lc_rs::digest;
use chrono::Utc;
use connection::PlatformConn;
use diesel::QueryResult;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use platform_schema::{NewRun, NewRunStep, Run, RunStatus, RunStep, Tenant};
use serde_json::json;
use uuid::Uuid;

use super::options::ApplyOptions;
use crate::provisioner::namespace::Namespace;
use crate::provisioner::plan::Plan;
use crate::provisioner::plan::step::Step;
use crate::provisioner::{ProvisionError, raw_sql};

/// Ends running steps, each with its own duration and error.
const END_STEPS: &str = "
    UPDATE shared.run_steps s
       SET status = CASE WHEN e.error IS NULL THEN 'succeeded' ELSE 'failed' END, duration_us = e.duration_us,
           error = e.error, finished_at = clock_timestamp()
      FROM unnest($2, $3, $4) AS e(position, duration_us, error)
     WHERE s.run_id = $1 AND s.position = e.position AND s.status = 'running'";

/// Rows in one statement, well within the 65,535 parameters that PostgreSQL's protocol can count.
const ROWS_AT_ONCE: usize = 1_000;

/// The record of one application of a plan.
#[derive(Debug)]
pub(super) struct Journal {
    /// For everything that is not a step.
    pub(super) conn: PlatformConn,
    run: Uuid,
    /// Whether apply began the run, and so ends it.
    is_ours: bool,
    /// Place of the plan's first step in the run.
    first: i32,
    /// Places of steps that an earlier run of the same plan has committed; none when there is no such run to go on with.
    earlier: Option<HashSet<usize>>,
}

/// How a step ended.
#[derive(Debug, Default)]
pub(super) struct Ending {
    pub(super) duration: Duration,
    pub(super) error: Option<String>,
}

impl Journal {
    /// Ends the runs of the schema that were cut off, looks for a run of the same plan to go on with, and begins this
    /// one. The schema's lock is held.
    pub(super) async fn open(
        schema: &Namespace,
        plan: &Plan,
        options: &ApplyOptions,
        conn: PlatformConn,
    ) -> Result<Self, ProvisionError> {
        let run = options.run.unwrap_or_else(Uuid::now_v7);
        Run::end_cut_off(schema.as_str(), run, &conn).await?;
        let plan = sha256(plan)?;
        let earlier = earlier(schema, &plan, run, &conn).await?;
        let mut journal = Self {
            conn,
            run,
            is_ours: options.run.is_none(),
            first: 0,
            earlier,
        };
        journal.begin_run(schema, options).await?;
        let detail =
            json!({ "schema": schema.as_str(), "plan": plan, "first_step": journal.first });
        Run::annotate(run, &detail, &journal.conn).await?;
        Ok(journal)
    }

    async fn begin_run(&mut self, schema: &Namespace, options: &ApplyOptions) -> QueryResult<()> {
        if !self.is_ours {
            self.first = RunStep::count(self.run, &self.conn).await?;
            return Ok(());
        }
        let tenant = Tenant::find_by_schema(schema.as_str(), &self.conn).await?;
        let run = NewRun {
            id: self.run,
            tenant_id: tenant.map(|tenant| tenant.id),
            kind: "apply".to_owned(),
            requested_by: options.requested_by.clone(),
            detail: json!({ "schema": schema.as_str() }),
        };
        run.insert(&self.conn).await.map(drop)
    }

    /// Whether an earlier run of the same plan did not come to its end.
    pub(super) fn resumes(&self) -> bool {
        self.earlier.is_some()
    }

    /// Whether an earlier run has committed all steps from `first` to before `end`.
    pub(super) fn has_committed(&self, first: usize, end: usize) -> bool {
        let earlier = self.earlier.as_ref();
        earlier.is_some_and(|earlier| (first..end).all(|place| earlier.contains(&place)))
    }

    /// Records that steps begin, the first of which has this place in the plan.
    pub(super) async fn begin(&self, first: usize, steps: &[Step]) -> QueryResult<()> {
        self.insert(first, steps, RunStatus::Running).await
    }

    /// Records that steps had been done before.
    pub(super) async fn skip(&self, first: usize, steps: &[Step]) -> QueryResult<()> {
        self.insert(first, steps, RunStatus::Succeeded).await
    }

    async fn insert(&self, first: usize, steps: &[Step], status: RunStatus) -> QueryResult<()> {
        let now = Utc::now();
        let is_over = status != RunStatus::Running;
        let row = |(place, step): (usize, &Step)| NewRunStep {
            run_id: self.run,
            position: self.position(place),
            name: step.name.clone(),
            status,
            duration_us: is_over.then_some(0),
            started_at: now,
            finished_at: is_over.then_some(now),
        };
        let rows: Vec<_> = (first..).zip(steps).map(row).collect();
        for rows in rows.chunks(ROWS_AT_ONCE) {
            NewRunStep::insert_all(rows, &self.conn).await?;
        }
        Ok(())
    }

    /// Records that running steps are tried again.
    pub(super) async fn try_again(
        &self,
        first: usize,
        steps: &[Step],
        reason: &str,
    ) -> QueryResult<()> {
        let (first, end) = (self.position(first), self.position(first + steps.len()));
        RunStep::try_again(self.run, first, end, reason, &self.conn).await
    }

    /// Records how running steps ended.
    pub(super) async fn end(&self, first: usize, endings: &[Ending]) -> QueryResult<()> {
        let places = (first..)
            .zip(endings)
            .map(|(place, _)| self.position(place));
        let durations = endings.iter().map(|ending| microseconds(ending.duration));
        let errors = endings.iter().map(|ending| ending.error.as_deref());
        raw_sql(END_STEPS)
            .bind::<SqlUuid, _>(self.run)
            .bind::<Array<Integer>, _>(places.collect::<Vec<_>>())
            .bind::<Array<BigInt>, _>(durations.collect::<Vec<_>>())
            .bind::<Array<Nullable<Text>>, _>(errors.collect::<Vec<_>>())
            .execute(&mut &self.conn)
            .await
            .map(drop)
    }

    /// Records how the run ended, if it is apply's own.
    pub(super) async fn close(&self, error: Option<&str>) -> QueryResult<()> {
        if self.is_ours {
            Run::finish(self.run, error, &self.conn).await?;
        }
        Ok(())
    }

    fn position(&self, place: usize) -> i32 {
        let place = i32::try_from(place).unwrap_or(i32::MAX);
        self.first.saturating_add(place)
    }
}

/// What the last run of this plan on this schema has committed, if it did not come to its end.
async fn earlier(
    schema: &Namespace,
    plan: &str,
    run: Uuid,
    conn: &PlatformConn,
) -> QueryResult<Option<HashSet<usize>>> {
    let last = Run::last_of_plan(schema.as_str(), plan, run, conn).await?;
    let Some(last) = last.filter(|last| last.status == RunStatus::Failed) else {
        return Ok(None);
    };
    let first = last.detail.get("first_step");
    let first = first.and_then(serde_json::Value::as_i64).unwrap_or(0);
    let steps = RunStep::of(last.id, conn).await?;
    let committed = steps
        .iter()
        .filter(|step| step.status == RunStatus::Succeeded)
        .filter_map(|step| usize::try_from(i64::from(step.position) - first).ok());
    Ok(Some(committed.collect()))
}

/// How a plan is known again: SHA-256 of its JSON, in hexadecimal digits.
fn sha256(plan: &Plan) -> Result<String, ProvisionError> {
    let hash = digest::digest(&digest::SHA256, &serde_json::to_vec(plan)?);
    let digits = hash.as_ref().iter().map(|byte| format!("{byte:02x}"));
    Ok(digits.collect())
}

fn microseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
