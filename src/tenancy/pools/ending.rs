//! The end of a lease: its connection goes back to the idle ones, or is closed, and behind a pooler its transaction is settled
//! before that.

use std::sync::Arc;

use connection::{Conn, Reach, Settled};
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;

use super::super::binding::Binding;
use super::super::ledger::{Ledger, SettleError};
use super::Shared;
use super::in_flight::InFlight;
use super::physical::Physical;
use crate::database::Pooling;

/// What a lease holds until it ends.
#[derive(Debug)]
pub(super) struct Held<R: Reach> {
    pub(super) conn: Conn<R>,
    pub(super) binding: Binding,
    pub(super) in_flight: InFlight,
    pub(super) shared: Arc<Shared>,
    pub(super) ledger: Option<Ledger>,
    /// Given up when everything else is done.
    pub(super) _share: Option<OwnedSemaphorePermit>,
    pub(super) _place: OwnedSemaphorePermit,
}

impl<R: Reach> Held<R> {
    /// Ends the lease where nobody can wait: by a task of its own where a transaction is to be committed.
    pub(super) fn end(self) {
        match self.shared.connector.pooling() {
            Pooling::Session => self.give_back(),
            Pooling::Transaction => self.end_transaction(),
        }
    }

    /// Ends the lease and waits until what was done in it is kept.
    ///
    /// # Errors
    /// Why it is not.
    pub(super) async fn finish(mut self) -> Result<(), SettleError> {
        match self.shared.connector.pooling() {
            Pooling::Session => {
                self.give_back();
                Ok(())
            }
            Pooling::Transaction if self.is_amiss() => {
                self.warn("left dirty");
                Err(SettleError::Left)
            }
            Pooling::Transaction => self.settle().await,
        }
    }

    fn end_transaction(mut self) {
        let is_over = self.ledger.as_ref().is_some_and(Ledger::is_closed);
        if is_over || self.is_amiss() {
            // Whoever panicked or left something open has no answer that could be wrong. Closing rolls back.
            self.warn("left dirty");
            return;
        }
        // Without a runtime nobody could await the answer; closing rolls back.
        let Ok(runtime) = Handle::try_current() else {
            self.warn("given up outside of the runtime");
            return;
        };
        let entry = self.ledger.as_ref().map(Ledger::enter);
        runtime.spawn(async move {
            let settled = self.settle().await;
            match (entry, settled) {
                // A request that does not wait has been cancelled.
                (Some(entry), settled) => drop(entry.send(settled)),
                // Whose statement failed knows.
                (None, Ok(()) | Err(SettleError::RolledBack(_))) => {}
                (None, Err(error)) => {
                    tracing::warn!(error = %error, "a lease outside of a request was not committed");
                }
            }
        });
    }

    /// Commits, and gives the connection back.
    async fn settle(mut self) -> Result<(), SettleError> {
        let settled = self.conn.settle().await.map_err(SettleError::Refused)?;
        self.give_back();
        match settled {
            Settled::Committed => Ok(()),
            Settled::RolledBack(error) => Err(SettleError::RolledBack(error)),
        }
    }

    /// Gives the connection back if it may be lent again.
    fn give_back(mut self) {
        if std::thread::panicking() || !self.in_flight.is_zero() || !self.conn.is_clean() {
            self.warn("left dirty");
            if !self.in_flight.is_zero() {
                self.shared.connector.cancel(&self.conn.into_inner());
            }
            return;
        }
        if self.conn.has_run_text() {
            match self.binding {
                // The provisioner's own text, when somebody asks what a schema looks like.
                Binding::Platform => tracing::debug!("a connection was given SQL text to run"),
                Binding::Tenant(_) => self.warn("given SQL text to run"),
            }
            return;
        }
        let Self {
            conn,
            binding,
            in_flight,
            shared,
            ..
        } = self;
        shared.give_back(Physical {
            connection: conn.into_inner(),
            binding,
            in_flight,
        });
    }

    /// Whether a transaction cannot be committed.
    fn is_amiss(&mut self) -> bool {
        std::thread::panicking() || !self.in_flight.is_zero() || !self.conn.is_in_its_transaction()
    }

    fn warn(&self, what: &'static str) {
        tracing::warn!(binding = ?self.binding, "a connection was {what} and is closed");
    }
}
