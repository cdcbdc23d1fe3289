//! Applying a plan to one schema: under the schema's lock, a transaction at a time, each step recorded before and after.
//!
//! What a plan holds is decided in `planner.rs`. Here nothing is guessed: a run that was cut off is gone on with by its
//! own record when the same plan comes again, and any other plan was made from the schema as the cut left it.

mod batches;
pub mod contention;
pub(super) mod gate;
mod journal;
pub mod options;
pub(super) mod session;
mod transaction;

use std::time::{Duration, Instant};

use platform_schema::Tenant;

use super::namespace::Namespace;
use super::plan::Plan;
use super::{ProvisionError, Provisioner};
use journal::Journal;
use options::{ApplyOptions, StepEvent};
use session::Session;

/// What applying a plan came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Applied {
    /// Steps that were run.
    pub steps_run: usize,
    /// Steps that an earlier run of the same plan had done.
    pub steps_skipped: usize,
    /// Rows that were updated in batches.
    pub rows_backfilled: u64,
    /// How often a transaction or batch was tried again.
    pub retries: u32,
    /// The longest time from a first attempt that failed for want of a lock to the attempt that got it.
    pub longest_lock_wait: Duration,
    /// How long it took in all.
    pub duration: Duration,
}

/// One application of a plan, under the schema's lock.
struct Application<'a> {
    session: &'a Session,
    journal: &'a Journal,
    schema: &'a Namespace,
    options: &'a ApplyOptions,
    /// Whether the next transaction may have been committed by a run that was cut off before it could say so.
    is_in_doubt: bool,
    applied: Applied,
}

impl Provisioner {
    /// Applies a plan to a schema, on connections of its own.
    ///
    /// # Errors
    /// - `ReservedSchema`: the schema is the platform's own. Nothing was done.
    /// - `Refused`, `Forbidden`: the plan cannot be applied, or somebody has to allow its hazards. Nothing was done.
    /// - `Busy`: somebody else holds the schema's lock. Nothing was done.
    /// - `StalePlan`: the schema is not in the state that the plan starts from. Nothing was done.
    /// - `Locked`: a table stayed locked. What was committed before stays; the same plan applied again goes on there.
    /// - `Step`: a statement was refused. As above.
    /// - `NotConverged`: every step is done, and the schema is not what the plan promises.
    /// - `Database`, `Query`, `Session`: the database cannot be reached, or the platform schema not be read.
    pub async fn apply(
        &self,
        schema: &Namespace,
        plan: &Plan,
        options: &ApplyOptions,
    ) -> Result<Applied, ProvisionError> {
        let begun = Instant::now();
        schema.check_changeable()?;
        gate::check(plan, &options.allow)?;
        let session = Session::open(&self.connector).await?;
        session.lock(schema, options.busy_patience).await?;
        let outcome = self.apply_locked(&session, schema, plan, options).await;
        session.unlock(schema).await;
        let applied = outcome?;
        Ok(Applied {
            duration: begun.elapsed(),
            ..applied
        })
    }

    async fn apply_locked(
        &self,
        session: &Session,
        schema: &Namespace,
        plan: &Plan,
        options: &ApplyOptions,
    ) -> Result<Applied, ProvisionError> {
        let conn = self.connector.connect().await?;
        let journal = Journal::open(schema, plan, options, conn).await?;
        let mut application = Application {
            session,
            journal: &journal,
            schema,
            options,
            is_in_doubt: journal.resumes(),
            applied: Applied::default(),
        };
        let outcome = application.run(plan).await;
        let error = outcome.as_ref().err().map(ToString::to_string);
        let applied = application.applied;
        let closed = journal.close(error.as_deref()).await;
        outcome?;
        closed?;
        Ok(applied)
    }
}

impl Application<'_> {
    async fn run(&mut self, plan: &Plan) -> Result<(), ProvisionError> {
        if !self.journal.resumes() {
            let live = gate::live_fingerprint(self.schema, &self.journal.conn).await?;
            if live.structure != plan.from.structure {
                return Err(ProvisionError::StalePlan(self.schema.as_str().to_owned()));
            }
        }
        let steps = plan.steps().map(|step| step.name.clone()).collect();
        self.tell(&StepEvent::Planned { steps });
        let mut first = 0;
        for transaction in &plan.transactions {
            self.transaction(first, transaction).await?;
            first += transaction.steps.len();
        }
        self.conclude(plan).await
    }

    /// Compares what the schema is like now with what the plan promises, and records it with the tenant, if it is one's.
    async fn conclude(&self, plan: &Plan) -> Result<(), ProvisionError> {
        let conn = &self.journal.conn;
        let live = gate::live_fingerprint(self.schema, conn).await?;
        let promised = &plan.to.structure;
        if !promised.is_empty() && live.structure != *promised {
            return Err(ProvisionError::NotConverged(
                self.schema.as_str().to_owned(),
            ));
        }
        if let Some(tenant) = Tenant::find_by_schema(self.schema.as_str(), conn).await? {
            let version = self.options.version.as_deref();
            Tenant::record_structure(&tenant.id, version, &live.structure, conn).await?;
        }
        Ok(())
    }

    fn tell(&self, event: &StepEvent) {
        if let Some(observer) = &self.options.observer {
            observer.tell(event);
        }
    }
}
