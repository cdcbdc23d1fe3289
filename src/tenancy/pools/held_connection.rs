//! The end of a lease: its connection goes back to the idle ones, or is closed, and behind a pooler its transaction is settled
//! before that.

use connection::{Conn, Reach, Settled};
use tokio::runtime::Handle;

use super::super::binding::Binding;
use super::super::ledger::{Ledger, SettleError};
use super::connection_record::ConnectionRecord;
use super::counters::CloseReason;
use super::physical_connection::PhysicalConnection;
use super::seat::Seat;
use crate::database::Pooling;

/// What a lease holds until it ends.
#[derive(Debug)]
pub(super) struct HeldConnection<R: Reach> {
    pub(super) conn: Conn<R>,
    pub(super) record: ConnectionRecord,
    pub(super) ledger: Option<Ledger>,
    /// Given up when everything else is done: the next in the queue finds the connection.
    pub(super) seat: Seat,
}

impl<R: Reach> HeldConnection<R> {
    /// Ends the lease where nobody can wait: by a task of its own where a transaction is to be committed.
    pub(super) fn end(self) {
        match self.seat.shared().connector.pooling() {
            Pooling::Session => self.give_back(),
            Pooling::Transaction => self.end_transaction(),
        }
    }

    /// Ends the lease and waits until what was done in it is kept.
    ///
    /// # Errors
    /// Why it is not.
    pub(super) async fn finish(mut self) -> Result<(), SettleError> {
        match self.seat.shared().connector.pooling() {
            Pooling::Session => {
                self.give_back();
                Ok(())
            }
            Pooling::Transaction if self.is_amiss() => {
                self.close(CloseReason::Dirty, "was left dirty");
                Err(SettleError::Left)
            }
            Pooling::Transaction => self.settle().await,
        }
    }

    fn end_transaction(mut self) {
        let is_over = self.ledger.as_ref().is_some_and(Ledger::is_closed);
        if is_over || self.is_amiss() {
            // Whoever panicked or left something open has no answer that could be wrong. Closing rolls back.
            self.close(CloseReason::Dirty, "was left dirty");
            return;
        }
        // Without a runtime nobody could await the answer; closing rolls back.
        let Ok(runtime) = Handle::try_current() else {
            self.close(CloseReason::Dirty, "was given up outside of the runtime");
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
        self.tell();
        if let Some((reason, fault)) = self.fault() {
            self.close(reason, fault);
            return;
        }
        self.conn.forget_stale();
        if self.record.regulars.are_too_many() {
            self.conn.forget_statements();
        }
        let Self {
            conn, record, seat, ..
        } = self;
        seat.shared().give_back(PhysicalConnection {
            connection: conn.into_inner(),
            record,
        });
    }

    /// Has those told who wait for rows of the tenant's audit log, where there are new ones.
    fn tell(&self) {
        if self.conn.has_recorded()
            && let Binding::Tenant(tenant) = &self.seat.terms().binding
        {
            self.seat.shared().news.recorded(tenant);
        }
    }

    /// Why the connection may not be lent again, if it may not.
    fn fault(&mut self) -> Option<(CloseReason, &'static str)> {
        if std::thread::panicking() {
            Some((CloseReason::Dirty, "was panicked on"))
        } else if !self.record.in_flight.is_zero() {
            Some((CloseReason::Dirty, "was left in the middle of a statement"))
        } else if !self.conn.is_open() {
            Some((CloseReason::Lost, "was ended by the server"))
        } else if !self.conn.is_clean() {
            Some((CloseReason::Dirty, "was left inside a transaction"))
        } else if self.conn.has_run_raw_sql() {
            Some((CloseReason::Dirty, "was given SQL text to run"))
        } else {
            None
        }
    }

    /// Whether a transaction cannot be committed.
    fn is_amiss(&mut self) -> bool {
        std::thread::panicking()
            || !self.record.in_flight.is_zero()
            || !self.conn.is_in_its_transaction()
    }

    fn close(mut self, reason: CloseReason, fault: &'static str) {
        let binding = &self.seat.terms().binding;
        if *binding == Binding::Platform && self.conn.has_run_raw_sql() {
            // The provisioner's own text, when somebody asks what a schema looks like.
            tracing::debug!("a connection of the platform {fault} and is closed");
        } else {
            tracing::warn!(?binding, "a connection {fault} and is closed");
        }
        self.record.blame(reason);
        let is_in_session = self.seat.shared().connector.pooling() == Pooling::Session;
        if is_in_session && !self.record.in_flight.is_zero() {
            let connector = self.seat.shared().connector.clone();
            connector.cancel(&self.conn.into_inner());
        }
    }
}
