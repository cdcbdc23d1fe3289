//! A lease: a connection lent to one request, given back when dropped, or closed when it was left dirty.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use connection::{Conn, Platform, Reach, Tenant};
use tokio::sync::OwnedSemaphorePermit;

use super::super::binding::Binding;
use super::Shared;
use super::in_flight::InFlight;
use super::physical::Physical;

/// A connection bound to one tenant, lent to one request.
pub type Lease = LeaseOf<Tenant>;

/// A connection to the platform, lent to one request.
pub type PlatformLease = LeaseOf<Platform>;

/// A lent connection of a known reach.
///
/// Dropping it gives the connection back. A connection that was cancelled in the middle of a statement, panicked on, left
/// inside a transaction, or given SQL text to run is closed instead.
#[derive(Debug)]
pub struct LeaseOf<R: Reach> {
    /// Taken by `drop` alone.
    conn: Option<Conn<R>>,
    binding: Binding,
    in_flight: InFlight,
    shared: Arc<Shared>,
    _share: Option<OwnedSemaphorePermit>,
    _place: OwnedSemaphorePermit,
}

impl<R: Reach> LeaseOf<R> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the pools hand over a connection that they have bound"
    )]
    pub(super) fn new(
        physical: Physical,
        shared: Arc<Shared>,
        share: Option<OwnedSemaphorePermit>,
        place: OwnedSemaphorePermit,
    ) -> Self {
        let Physical {
            connection,
            binding,
            in_flight,
        } = physical;
        Self {
            conn: Some(Conn::assume(connection)),
            binding,
            in_flight,
            shared,
            _share: share,
            _place: place,
        }
    }
}

impl<R: Reach> Deref for LeaseOf<R> {
    type Target = Conn<R>;

    #[expect(
        clippy::expect_used,
        reason = "the connection leaves only in `drop`, after which nobody can ask"
    )]
    fn deref(&self) -> &Self::Target {
        self.conn
            .as_ref()
            .expect("a lease holds its connection until it is dropped")
    }
}

impl<R: Reach> DerefMut for LeaseOf<R> {
    #[expect(
        clippy::expect_used,
        reason = "the connection leaves only in `drop`, after which nobody can ask"
    )]
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.conn
            .as_mut()
            .expect("a lease holds its connection until it is dropped")
    }
}

impl<R: Reach> Drop for LeaseOf<R> {
    fn drop(&mut self) {
        let Some(mut conn) = self.conn.take() else {
            return;
        };
        if std::thread::panicking() || !self.in_flight.is_zero() || !conn.is_clean() {
            tracing::warn!(binding = ?self.binding, "a connection was left dirty and is closed");
            if !self.in_flight.is_zero() {
                self.shared.connector.cancel(&conn.into_inner());
            }
            return;
        }
        if conn.has_run_text() {
            tracing::warn!(binding = ?self.binding, "a connection was given SQL text to run and is closed");
            return;
        }
        let (binding, in_flight) = (self.binding.clone(), self.in_flight.clone());
        self.shared.give_back(Physical {
            connection: conn.into_inner(),
            binding,
            in_flight,
        });
    }
}
