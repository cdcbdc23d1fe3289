//! The steps of a run, each recorded before and after.

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::schema::run_steps;
use crate::{PlatformConn, RunStatus};

/// One step of a run.
#[derive(Debug, Clone, PartialEq, Eq, HasQuery, Identifiable)]
#[diesel(table_name = run_steps, primary_key(run_id, position), check_for_backend(Pg))]
pub struct RunStep {
    /// The run it belongs to.
    pub run_id: Uuid,
    /// Place in the run, from 0.
    pub position: i32,
    /// What the step does, in words.
    pub name: String,
    /// How far it is.
    pub status: RunStatus,
    /// How long it took, in microseconds.
    pub duration_us: Option<i64>,
    /// Why it failed.
    pub error: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended, well or not.
    pub finished_at: Option<DateTime<Utc>>,
    /// How often it was tried: once, and again after each lock that was not to be had.
    pub attempts: i32,
}

/// A step to be recorded: one that begins, or one that is already over.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = run_steps, check_for_backend(Pg))]
pub struct NewRunStep {
    /// The run it belongs to.
    pub run_id: Uuid,
    /// Place in the run, from 0.
    pub position: i32,
    /// What the step does, in words.
    pub name: String,
    /// How far it is.
    pub status: RunStatus,
    /// How long it took, in microseconds.
    pub duration_us: Option<i64>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
}

impl NewRunStep {
    /// Records steps, all in one statement.
    pub async fn insert_all(steps: &[Self], mut conn: &PlatformConn) -> QueryResult<()> {
        diesel::insert_into(run_steps::table)
            .values(steps)
            .execute(&mut conn)
            .await
            .map(drop)
    }
}

impl RunStep {
    /// The steps of a run, in order.
    pub async fn of(run_id: Uuid, mut conn: &PlatformConn) -> QueryResult<Vec<Self>> {
        Self::query()
            .filter(run_steps::run_id.eq(run_id))
            .order(run_steps::position)
            .load(&mut conn)
            .await
    }

    /// Records that running steps of a run, from `first` to before `end`, are tried again, and why.
    pub async fn try_again(
        run_id: Uuid,
        first: i32,
        end: i32,
        error: &str,
        mut conn: &PlatformConn,
    ) -> QueryResult<()> {
        diesel::update(run_steps::table)
            .filter(run_steps::run_id.eq(run_id))
            .filter(run_steps::position.ge(first))
            .filter(run_steps::position.lt(end))
            .filter(run_steps::status.eq(RunStatus::Running))
            .set((
                run_steps::attempts.eq(run_steps::attempts + 1),
                run_steps::error.eq(error),
            ))
            .execute(&mut conn)
            .await
            .map(drop)
    }

    /// How many steps a run has so far, which is the place of the next one.
    pub async fn count(run_id: Uuid, mut conn: &PlatformConn) -> QueryResult<i32> {
        let last: Option<i32> = run_steps::table
            .filter(run_steps::run_id.eq(run_id))
            .select(diesel::dsl::max(run_steps::position))
            .first(&mut conn)
            .await?;
        Ok(last.map_or(0, |last| last + 1))
    }

    /// Records that a step ended: well without an `error`, badly with one.
    ///
    /// # Errors
    /// `NotFound` when the step is not running.
    pub async fn finish(
        run_id: Uuid,
        position: i32,
        duration_us: i64,
        error: Option<&str>,
        mut conn: &PlatformConn,
    ) -> QueryResult<Self> {
        diesel::update(run_steps::table.find((run_id, position)))
            .filter(run_steps::status.eq(RunStatus::Running))
            .set((
                run_steps::status.eq(RunStatus::after(error)),
                run_steps::duration_us.eq(duration_us),
                run_steps::error.eq(error),
                run_steps::finished_at.eq(now),
            ))
            .returning(Self::as_returning())
            .get_result(&mut conn)
            .await
    }
}
