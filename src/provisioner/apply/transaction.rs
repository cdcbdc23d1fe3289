//! One transaction of a plan: run, and run again as long as somebody else is in the way.

use std::time::{Duration, Instant};

use super::contention::Contention;
use super::journal::Ending;
use super::options::StepEvent;
use super::session::{is_contention, reason};
use super::{Application, ProvisionError};
use crate::provisioner::backoff::Backoff;
use crate::provisioner::plan::Transaction;
use crate::provisioner::plan::step::Step;

/// A statement that failed, and the place of its step in the transaction.
pub(super) struct Failure {
    pub(super) at: usize,
    pub(super) error: tokio_postgres::Error,
}

impl Application<'_> {
    /// Runs a transaction whose first step has the place `first` in the plan, unless it was committed before.
    pub(super) async fn transaction(
        &mut self,
        first: usize,
        transaction: &Transaction,
    ) -> Result<(), ProvisionError> {
        let steps = transaction.steps.as_slice();
        if self.is_done(first, steps).await? {
            self.applied.steps_skipped += steps.len();
            for position in first..first + steps.len() {
                self.tell(&StepEvent::Skipped { position });
            }
            return Ok(self.journal.skip(first, steps).await?);
        }
        self.journal.begin(first, steps).await?;
        let outcome = match steps {
            [step] if !transaction.atomic => match &step.batches {
                Some(batches) => self.batches(first, step, batches).await,
                None => self.persist(first, steps, false).await,
            },
            _ => self.persist(first, steps, true).await,
        };
        self.is_in_doubt = false;
        match outcome {
            Ok(durations) => self.succeed(first, durations).await,
            Err((at, error)) => {
                let endings = failed(steps.len(), at, &error);
                self.journal.end(first, &endings).await?;
                Err(error)
            }
        }
    }

    /// Whether all of it was committed before: by the record of an earlier run, and for the transaction at which that
    /// run was cut off, by the schema itself.
    async fn is_done(&mut self, first: usize, steps: &[Step]) -> Result<bool, ProvisionError> {
        if self.journal.has_committed(first, first + steps.len()) {
            return Ok(true);
        }
        if !self.is_in_doubt {
            return Ok(false);
        }
        let path = format!("SET search_path = {}", self.schema.quoted());
        self.session.batch(&path).await?;
        let mut is_done = !steps.is_empty();
        for step in steps {
            is_done = is_done && self.holds(step).await?;
        }
        self.session.batch("SET search_path = ''").await?;
        Ok(is_done)
    }

    /// Whether the step's condition holds. One that names what does not exist does not.
    async fn holds(&self, step: &Step) -> Result<bool, ProvisionError> {
        if step.done_when.is_empty() {
            return Ok(false);
        }
        match self.session.holds(&step.done_when).await {
            Ok(holds) => Ok(holds),
            Err(error) if error.as_db_error().is_some() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn succeed(
        &mut self,
        first: usize,
        durations: Vec<Duration>,
    ) -> Result<(), ProvisionError> {
        self.applied.steps_run += durations.len();
        for (position, duration) in (first..).zip(&durations) {
            let duration = *duration;
            self.tell(&StepEvent::Finished { position, duration });
        }
        let ending = |duration| Ending {
            duration,
            error: None,
        };
        let endings: Vec<_> = durations.into_iter().map(ending).collect();
        Ok(self.journal.end(first, &endings).await?)
    }

    /// Tries until it succeeds, fails for a reason that waiting does not cure, or has waited long enough.
    async fn persist(
        &mut self,
        first: usize,
        steps: &[Step],
        atomic: bool,
    ) -> Result<Vec<Duration>, (usize, ProvisionError)> {
        let mut backoff = Backoff::of(self.options.lock_patience);
        let mut is_again = self.is_in_doubt;
        loop {
            let spent = backoff.spent();
            let attempt = if atomic {
                self.attempt(first, steps).await
            } else {
                self.attempt_alone(first, steps, is_again).await
            };
            let Failure { at, error } = match attempt {
                Ok(durations) => {
                    self.waited(spent);
                    return Ok(durations);
                }
                Err(failure) => failure,
            };
            let fatal = self.contend(first, steps, at, error, &mut backoff).await;
            if let Err(error) = fatal {
                if !atomic {
                    self.clear(steps).await;
                }
                return Err((at, error));
            }
            is_again = true;
        }
    }

    /// Pauses after an attempt that failed for want of a lock; any other failure, and impatience, is an error.
    pub(super) async fn contend(
        &mut self,
        first: usize,
        steps: &[Step],
        at: usize,
        error: tokio_postgres::Error,
        backoff: &mut Backoff,
    ) -> Result<(), ProvisionError> {
        let Some(step) = steps.get(at) else {
            return Err(error.into());
        };
        if !is_contention(&error) {
            return Err(ProvisionError::Step {
                step: step.name.clone(),
                reason: reason(&error),
            });
        }
        let said = reason(&error);
        // Looked up before the pause: whoever is in the way may be gone after it.
        let conn = &self.journal.conn;
        let contention = Contention::of(step, backoff.lasted(), self.schema, conn).await?;
        let position = first + at;
        tracing::info!(schema = self.schema.as_str(), step = step.name, %contention, "a lock is not to be had");
        self.tell(&StepEvent::Contended {
            position,
            reason: said.clone(),
        });
        if !backoff.wait().await {
            return Err(ProvisionError::Locked(Box::new(contention)));
        }
        self.applied.retries += 1;
        Ok(self.journal.try_again(first, steps, &said).await?)
    }

    /// Keeps the longest wait.
    pub(super) fn waited(&mut self, time: Duration) {
        let longest = &mut self.applied.longest_lock_wait;
        *longest = time.max(*longest);
    }

    /// Runs the steps between `BEGIN` and `COMMIT`.
    async fn attempt(&self, first: usize, steps: &[Step]) -> Result<Vec<Duration>, Failure> {
        let outcome = self.attempt_open(first, steps).await;
        if outcome.is_err() {
            // When this fails too, the session is lost, and the next statement says so.
            let _ = self.session.batch("ROLLBACK").await;
        }
        outcome
    }

    async fn attempt_open(&self, first: usize, steps: &[Step]) -> Result<Vec<Duration>, Failure> {
        let opening = format!("BEGIN; {}", self.schema.set_local_path());
        let failed = |at| move |error| Failure { at, error };
        self.session.batch(&opening).await.map_err(failed(0))?;
        let mut durations = Vec::with_capacity(steps.len());
        for (at, step) in steps.iter().enumerate() {
            self.tell(&StepEvent::Started {
                position: first + at,
            });
            let begun = Instant::now();
            let sql = format!("{};\n{}", self.limits("SET LOCAL", step), step.sql);
            self.session.batch(&sql).await.map_err(failed(at))?;
            durations.push(begun.elapsed());
        }
        // Constraints that were deferred are checked now.
        let last = steps.len().saturating_sub(1);
        self.session.batch("COMMIT").await.map_err(failed(last))?;
        Ok(durations)
    }

    /// Runs a step that cannot be inside a transaction, after clearing away what an attempt before it left.
    async fn attempt_alone(
        &self,
        first: usize,
        steps: &[Step],
        is_again: bool,
    ) -> Result<Vec<Duration>, Failure> {
        let failed = |error| Failure { at: 0, error };
        let mut durations = Vec::new();
        for step in steps {
            self.tell(&StepEvent::Started { position: first });
            self.enter(step).await.map_err(failed)?;
            if let (true, Some(sql)) = (is_again, &step.left_over) {
                self.session.batch(sql).await.map_err(failed)?;
            }
            let begun = Instant::now();
            self.session.batch(&step.sql).await.map_err(failed)?;
            durations.push(begun.elapsed());
            self.leave().await.map_err(failed)?;
        }
        Ok(durations)
    }

    /// Clears away what the last attempt left, as well as it can be: an invalid index slows every write, and a unique
    /// one even refuses rows.
    async fn clear(&self, steps: &[Step]) {
        for step in steps {
            if let Some(sql) = &step.left_over
                && let Err(error) = self.session.batch(sql).await
            {
                let reason = reason(&error);
                tracing::warn!(step = step.name, reason, "remains of a step are left");
            }
        }
        let _ = self.leave().await;
    }

    /// Puts the schema on the session's path, and the step's limits in force.
    pub(super) async fn enter(&self, step: &Step) -> Result<(), tokio_postgres::Error> {
        let path = format!("SET search_path = {}", self.schema.quoted());
        let sql = format!("{path}; {}", self.limits("SET", step));
        self.session.batch(&sql).await
    }

    /// Undoes [`Self::enter`].
    pub(super) async fn leave(&self) -> Result<(), tokio_postgres::Error> {
        let sql = "SET search_path = ''; SET statement_timeout = 0; RESET lock_timeout";
        self.session.batch(sql).await
    }

    /// Puts a step's limits in force. One attempt waits no longer for a lock than all of them may; 0 would be for ever.
    fn limits(&self, set: &str, step: &Step) -> String {
        let longest = self.options.lock_patience.as_millis().max(1);
        let (lock, statement) = (
            u128::from(step.lock_timeout_ms).min(longest),
            step.statement_timeout_ms,
        );
        format!("{set} lock_timeout = {lock}; {set} statement_timeout = {statement}")
    }
}

/// How steps ended of which the one at `at` failed: those before it are rolled back, those after it never ran.
fn failed(steps: usize, at: usize, error: &ProvisionError) -> Vec<Ending> {
    let text = |place: usize| match place.cmp(&at) {
        std::cmp::Ordering::Less => "rolled back".to_owned(),
        std::cmp::Ordering::Equal => error.to_string(),
        std::cmp::Ordering::Greater => "not reached".to_owned(),
    };
    let ending = |place| Ending {
        duration: Duration::ZERO,
        error: Some(text(place)),
    };
    (0..steps).map(ending).collect()
}
