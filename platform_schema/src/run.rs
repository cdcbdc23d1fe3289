//! Recorded operations on a tenant or on the fleet. Their steps are in `run_step.rs`.

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use crate::schema::{run_steps, runs};
use crate::text_column::text_enum;
use crate::{PlatformConn, TenantId};

/// Why a run failed whose process went away.
const CUT_OFF: &str = "interrupted";

text_enum! {
    /// How far a run or a step is.
    pub enum RunStatus {
        /// It goes on.
        Running => "running",
        /// It ended well.
        Succeeded => "succeeded",
        /// It ended with an error.
        Failed => "failed",
    }
}

/// One recorded operation on a tenant or on the fleet.
#[derive(Debug, Clone, PartialEq, HasQuery, Identifiable)]
#[diesel(table_name = runs, check_for_backend(Pg))]
pub struct Run {
    /// UUID v7, made by the server.
    pub id: Uuid,
    /// The tenant it worked on; none for the fleet.
    pub tenant_id: Option<TenantId>,
    /// What was done, such as `create` or `upgrade`.
    pub kind: String,
    /// How far it is.
    pub status: RunStatus,
    /// Who asked for it, in words.
    pub requested_by: String,
    /// What the operation was asked to do.
    pub detail: Value,
    /// Why it failed.
    pub error: Option<String>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended, well or not.
    pub finished_at: Option<DateTime<Utc>>,
}

/// A run to be recorded; it is running from then on.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = runs, check_for_backend(Pg))]
pub struct NewRun {
    /// UUID v7.
    pub id: Uuid,
    /// The tenant it works on; none for the fleet.
    pub tenant_id: Option<TenantId>,
    /// What is done, such as `create` or `upgrade`.
    pub kind: String,
    /// Who asked for it, in words.
    pub requested_by: String,
    /// What the operation is asked to do.
    pub detail: Value,
}

impl NewRun {
    /// Records that the run has begun.
    pub async fn insert(&self, mut conn: &PlatformConn) -> QueryResult<Run> {
        diesel::insert_into(runs::table)
            .values(self)
            .returning(Run::as_returning())
            .get_result(&mut conn)
            .await
    }
}

impl Run {
    /// The run of this id.
    pub async fn find(id: Uuid, mut conn: &PlatformConn) -> QueryResult<Option<Self>> {
        Self::query()
            .filter(runs::id.eq(id))
            .first(&mut conn)
            .await
            .optional()
    }

    /// At most `limit` runs after the first `offset`, newest first.
    pub async fn list(limit: i64, offset: i64, mut conn: &PlatformConn) -> QueryResult<Vec<Self>> {
        Self::query()
            .order((runs::started_at.desc(), runs::id))
            .limit(limit)
            .offset(offset)
            .load(&mut conn)
            .await
    }

    /// The last run, but `except`, that applied this plan to this schema: its detail says `schema` and `plan`.
    pub async fn last_of_plan(
        schema: &str,
        plan: &str,
        except: Uuid,
        mut conn: &PlatformConn,
    ) -> QueryResult<Option<Self>> {
        Self::query()
            .filter(runs::detail.retrieve_as_text("schema").eq(schema))
            .filter(runs::detail.retrieve_as_text("plan").eq(plan))
            .filter(runs::id.ne(except))
            .order((runs::started_at.desc(), runs::id.desc()))
            .first(&mut conn)
            .await
            .optional()
    }

    /// Adds to the detail of a run.
    pub async fn annotate(id: Uuid, detail: &Value, mut conn: &PlatformConn) -> QueryResult<()> {
        diesel::update(runs::table.find(id))
            .set(runs::detail.eq(runs::detail.concat(detail)))
            .execute(&mut conn)
            .await
            .map(drop)
    }

    /// Records that runs which applied a plan to this schema were cut off; says how many. Only who holds the lock of
    /// the schema knows that they do not go on.
    pub async fn end_cut_off(
        schema: &str,
        except: Uuid,
        mut conn: &PlatformConn,
    ) -> QueryResult<usize> {
        let cut_off: Vec<Uuid> = diesel::update(runs::table)
            .filter(runs::detail.retrieve_as_text("schema").eq(schema))
            .filter(runs::detail.retrieve_as_text("plan").is_not_null())
            .filter(runs::status.eq(RunStatus::Running))
            .filter(runs::id.ne(except))
            .set((
                runs::status.eq(RunStatus::Failed),
                runs::error.eq(CUT_OFF),
                runs::finished_at.eq(now),
            ))
            .returning(runs::id)
            .get_results(&mut conn)
            .await?;
        if cut_off.is_empty() {
            return Ok(0);
        }
        diesel::update(run_steps::table)
            .filter(run_steps::run_id.eq_any(&cut_off))
            .filter(run_steps::status.eq(RunStatus::Running))
            .set((
                run_steps::status.eq(RunStatus::Failed),
                run_steps::error.eq(CUT_OFF),
                run_steps::finished_at.eq(now),
            ))
            .execute(&mut conn)
            .await?;
        Ok(cut_off.len())
    }

    /// Records that the run ended: well without an `error`, badly with one.
    ///
    /// # Errors
    /// `NotFound` when the run is not running.
    pub async fn finish(
        id: Uuid,
        error: Option<&str>,
        mut conn: &PlatformConn,
    ) -> QueryResult<Self> {
        diesel::update(runs::table.find(id))
            .filter(runs::status.eq(RunStatus::Running))
            .set((
                runs::status.eq(RunStatus::after(error)),
                runs::error.eq(error),
                runs::finished_at.eq(now),
            ))
            .returning(Self::as_returning())
            .get_result(&mut conn)
            .await
    }
}

impl RunStatus {
    /// The status of something that ended with or without an error.
    pub(crate) fn after(error: Option<&str>) -> Self {
        match error {
            None => Self::Succeeded,
            Some(_) => Self::Failed,
        }
    }
}
