//! A lease: a connection lent to one request, given back when dropped, or closed when it was left dirty.

use std::ops::{Deref, DerefMut};

use connection::{Conn, Platform, Reach, Tenant};

use super::super::ledger::{Ledger, SettleError};
use super::held_connection::HeldConnection;
use super::physical_connection::PhysicalConnection;
use super::seat::Seat;
use crate::database::Pooling;

/// A connection bound to one tenant, lent to one request.
pub type Lease = LeaseOf<Tenant>;

/// A connection to the platform, lent to one request.
pub type PlatformLease = LeaseOf<Platform>;

/// A lent connection of a known reach.
///
/// Dropping it gives the connection back. A connection that was cancelled in the middle of a statement, panicked on, left
/// inside a transaction, or given SQL text to run is closed instead, and so is one that is worn.
///
/// Behind a pooler of transactions the lease is one transaction. Dropping it commits that, as the statements by themselves
/// would have been; the outcome goes to the request's [`Ledger`]. Who has none awaits [`Self::finish`]. There, a failed
/// statement spoils all that is done in the lease, before it and after it, unless it was in a [`Conn::transaction`].
#[derive(Debug)]
pub struct LeaseOf<R: Reach> {
    /// Taken when the lease ends.
    held: Option<HeldConnection<R>>,
}

impl<R: Reach> LeaseOf<R> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the pools hand over a connection that they have bound"
    )]
    pub(super) fn new(
        physical: PhysicalConnection,
        mut seat: Seat,
        ledger: Option<Ledger>,
    ) -> Self {
        seat.lend();
        let PhysicalConnection { connection, record } = physical;
        let conn = Conn::assume(connection);
        let conn = match seat.shared().connector.pooling() {
            Pooling::Session => conn
                .repeating(record.in_flight.clone())
                .marking(record.regulars.mark()),
            // No statement outlives its transaction.
            Pooling::Transaction => conn,
        };
        Self {
            held: Some(HeldConnection {
                conn,
                record,
                ledger,
                seat,
            }),
        }
    }

    /// Ends the lease and waits until what was done in it is kept. Where leases are no transactions it is kept already.
    ///
    /// # Errors
    /// Why what was done in the lease is not kept.
    pub async fn finish(mut self) -> Result<(), SettleError> {
        match self.held.take() {
            Some(held) => held.finish().await,
            None => Ok(()),
        }
    }
}

impl<R: Reach> Deref for LeaseOf<R> {
    type Target = Conn<R>;

    #[expect(
        clippy::expect_used,
        reason = "the connection leaves only at the end, after which nobody can ask"
    )]
    fn deref(&self) -> &Self::Target {
        let held = self.held.as_ref();
        &held
            .expect("a lease holds its connection until it ends")
            .conn
    }
}

impl<R: Reach> DerefMut for LeaseOf<R> {
    #[expect(
        clippy::expect_used,
        reason = "the connection leaves only at the end, after which nobody can ask"
    )]
    fn deref_mut(&mut self) -> &mut Self::Target {
        let held = self.held.as_mut();
        &mut held
            .expect("a lease holds its connection until it ends")
            .conn
    }
}

impl<R: Reach> Drop for LeaseOf<R> {
    fn drop(&mut self) {
        if let Some(held) = self.held.take() {
            held.end();
        }
    }
}
