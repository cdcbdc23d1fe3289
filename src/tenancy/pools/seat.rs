//! A seat: the right to hold one connection, which a lease waits for in at most two queues.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::connection_record::LeaseTerms;
use super::{PoolError, Shared};

/// The right to hold a connection on certain terms, or a stand in a queue for it. Dropping it gives up both.
#[derive(Debug)]
pub(super) struct Seat {
    shared: Arc<Shared>,
    terms: LeaseTerms,
    /// When it began to wait, if it had to.
    begun: Option<Instant>,
    place: Option<OwnedSemaphorePermit>,
    share: Option<OwnedSemaphorePermit>,
    /// Whether a connection was lent to it.
    is_lent: bool,
}

impl Seat {
    /// Waits for a place in a share of `size`, and then for one of all places.
    ///
    /// # Errors
    /// `Exhausted` when the time is over.
    pub(super) async fn take(
        shared: &Arc<Shared>,
        terms: LeaseTerms,
        size: usize,
    ) -> Result<Self, PoolError> {
        let permits = shared.with_state(|state| state.shares.join(&terms.binding, size));
        let mut seat = Self {
            shared: Arc::clone(shared),
            terms,
            begun: None,
            place: None,
            share: None,
            is_lent: false,
        };
        seat.share = Some(seat.permit(permits).await?);
        seat.place = Some(seat.permit(Arc::clone(&shared.places)).await?);
        shared.with_state(|state| state.shares.sit(&seat.terms.binding));
        if let Some(begun) = seat.begun {
            shared.note_wait(&seat.terms, begun.elapsed());
        }
        Ok(seat)
    }

    /// The pools that it is a seat of.
    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// What it is taken for.
    pub(super) fn terms(&self) -> &LeaseTerms {
        &self.terms
    }

    /// Notes that a connection was lent to it.
    pub(super) fn lend(&mut self) {
        self.is_lent = true;
        self.shared.counters.lent.up();
    }

    /// When the lease must be had. Until something takes time, there is no need to look at the clock.
    pub(super) fn deadline(&self) -> Instant {
        self.begun.unwrap_or_else(Instant::now) + self.shared.wait
    }

    /// What there is to say at the deadline.
    pub(super) fn exhausted(&self) -> PoolError {
        self.shared.counters.exhausted.up();
        PoolError::Exhausted {
            waited: self.shared.wait,
        }
    }

    async fn permit(&mut self, permits: Arc<Semaphore>) -> Result<OwnedSemaphorePermit, PoolError> {
        if let Ok(permit) = Arc::clone(&permits).try_acquire_owned() {
            return Ok(permit);
        }
        self.begun.get_or_insert_with(Instant::now);
        // On the heap, since most leases do not wait and the future is large.
        let waiting = Box::pin(timeout_at(self.deadline(), permits.acquire_owned()));
        if let Ok(Ok(permit)) = waiting.await {
            return Ok(permit);
        }
        self.shared.note_wait(&self.terms, self.shared.wait);
        Err(self.exhausted())
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if self.is_lent {
            self.shared.counters.lent.down();
        }
        let sat = self.place.is_some();
        // The permits first: whoever waits for them is a user of the share as well.
        drop((self.place.take(), self.share.take()));
        self.shared
            .with_state(|state| state.shares.leave(&self.terms.binding, sat));
    }
}
