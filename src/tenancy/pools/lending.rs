//! From a seat to a connection: which is taken, how it is bound, and where it goes afterwards.

use std::sync::Arc;

use connection::PlatformConn;
use tokio::time::{Instant, timeout_at};

use super::super::binding::Binding;
use super::counters::{Counters, Reason};
use super::physical::{Bound, Physical};
use super::record::Record;
use super::seat::Seat;
use super::tidying::Tidying;
use super::{PoolError, Shared};
use crate::database::{DatabaseError, Pooling};

/// What an idle connection has been before it is lent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Past {
    /// It was opened for this lease, or nobody has held it yet.
    None,
    /// It is bound to the same, or, behind a pooler, to nothing.
    Same,
    /// It is bound to something else.
    Other,
}

impl Shared {
    /// A connection bound as the seat asks.
    pub(super) async fn lend(self: &Arc<Self>, seat: &Seat) -> Result<Physical, PoolError> {
        let first = self.take_bound(seat);
        let first = match (first, self.connector.pooling()) {
            (Some(physical), Pooling::Session) if physical.record.terms == *seat.terms() => {
                self.counters.hits.up();
                return Ok(physical);
            }
            (first, _) => first,
        };
        // On the heap, since most leases end before and the future is large.
        let deadline = seat.deadline();
        match Box::pin(timeout_at(deadline, self.bind(first, seat, deadline))).await {
            Ok(result) => result,
            Err(_) => Err(self.connector.silent(self.wait).into()),
        }
    }

    /// Binds `first`, or the first of the idle ones that still lives, or a new one.
    async fn bind(
        self: &Arc<Self>,
        first: Option<Physical>,
        seat: &Seat,
        deadline: Instant,
    ) -> Result<Physical, PoolError> {
        let mut first = first.map(|physical| (physical, Past::Same));
        loop {
            let idle = first.take().or_else(|| self.take_other(seat));
            let is_idle = idle.is_some();
            let (physical, past) = match idle {
                Some(found) => found,
                None if Instant::now() >= deadline => return Err(seat.exhausted()),
                None => (self.open().await?, Past::None),
            };
            match self.bind_one(physical, seat).await {
                Bound::Yes(physical) => {
                    if past == Past::Other {
                        self.grow();
                    }
                    return Ok(physical);
                }
                Bound::Refused(physical, error) => {
                    if let Some(physical) = physical {
                        self.give_back(physical);
                    }
                    return Err(PoolError::Bind(error));
                }
                Bound::Lost(_) if is_idle => {}
                Bound::Lost(error) => return Err(PoolError::Bind(error)),
            }
        }
    }

    async fn bind_one(&self, physical: Physical, seat: &Seat) -> Bound {
        match self.connector.pooling() {
            Pooling::Session => physical.bind(seat.terms().clone(), self.isolation).await,
            Pooling::Transaction => physical.begin(seat.terms(), self.isolation).await,
        }
    }

    /// An idle connection that is bound as asked; behind a pooler none is bound, and any will do. Those that died are
    /// dropped, and only they are asked.
    fn take_bound(&self, seat: &Seat) -> Option<Physical> {
        let asked = &seat.terms().binding;
        let binding = match self.connector.pooling() {
            Pooling::Session => asked,
            Pooling::Transaction => &Binding::Platform,
        };
        let mut found = self.with_state(|state| {
            if let Binding::Tenant(tenant) = asked {
                state.by_leases.add(tenant, 1);
            }
            state.idle.take_bound(binding)
        })?;
        while !found.is_open() {
            found = self.with_state(|state| state.idle.take_bound(binding))?;
        }
        Some(found)
    }

    /// An idle connection to be bound: one that nobody has held yet, or one to be bound anew.
    fn take_other(&self, seat: &Seat) -> Option<(Physical, Past)> {
        let binding = &seat.terms().binding;
        loop {
            let (mut found, past) = self.with_state(|state| {
                let fresh = state.idle.take_fresh().map(|found| (found, Past::None));
                fresh.or_else(|| Some((state.idle.take_other(binding)?, Past::Other)))
            })?;
            if found.is_open() {
                return Some((found, past));
            }
        }
    }

    /// Opens a connection. The place that it takes is the caller's: there is none idle, so those open are no more than the
    /// places taken.
    async fn open(self: &Arc<Self>) -> Result<Physical, DatabaseError> {
        self.tidying.get_or_init(|| Tidying::of(self));
        let _opening = Opening::of(&self.counters);
        Ok(self.record(self.connector.connect().await?))
    }

    /// Takes down a connection that was just opened.
    pub(super) fn record(&self, connection: PlatformConn) -> Physical {
        self.numbers.up();
        let record = Record::new(
            self.numbers.get(),
            self.connector.statement_timeout(),
            self.recycling.max_age,
            Arc::clone(&self.counters),
        );
        Physical::new(connection, record)
    }

    /// Takes back a connection that may be lent again, unless it is worn.
    pub(super) fn give_back(&self, physical: Physical) {
        let now = Instant::now();
        match physical.record.is_worn(&self.recycling, now) {
            Some(reason) => physical.close(reason),
            None => self.with_state(|state| state.idle.give_back(physical, now)),
        }
    }

    /// Closes those that have idled too long. Gives the moment to look again.
    pub(super) fn close_idle(&self) -> Instant {
        let now = Instant::now();
        let moment = now.checked_sub(self.max_idle);
        while let Some(moment) = moment
            && let Some(physical) = self.with_state(|state| state.idle.take_idle_since(moment))
        {
            physical.close(Reason::Idle);
        }
        self.with_state(|state| state.idle.longest()).unwrap_or(now) + self.max_idle
    }
}

/// Counts a connection that is being opened.
pub(super) struct Opening(Arc<Counters>);

impl Opening {
    /// Counts one, until this is dropped.
    pub(super) fn of(counters: &Arc<Counters>) -> Self {
        counters.opening.up();
        Self(Arc::clone(counters))
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        self.0.opening.down();
    }
}
