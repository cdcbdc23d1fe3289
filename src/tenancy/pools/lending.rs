//! From a seat to a connection: which is taken, how it is bound, and where it goes afterwards.

use std::sync::Arc;

use connection::{PlatformConn, refusal};
use platform_schema::LoginRoleNumber;
use tokio::time::{Instant, timeout_at};

use super::super::binding::Binding;
use super::connection_record::ConnectionRecord;
use super::counters::{CloseReason, Counters};
use super::physical_connection::{BindOutcome, PhysicalConnection};
use super::seat::Seat;
use super::{PoolError, Shared, State, tidying};
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
    pub(super) async fn lend(
        self: &Arc<Self>,
        seat: &Seat,
    ) -> Result<PhysicalConnection, PoolError> {
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
        first: Option<PhysicalConnection>,
        seat: &Seat,
        deadline: Instant,
    ) -> Result<PhysicalConnection, PoolError> {
        let mut first = first.map(|physical| (physical, Past::Same));
        loop {
            let idle = first.take().or_else(|| self.take_other(seat));
            let is_idle = idle.is_some();
            let (physical, past) = match idle {
                Some(found) => found,
                None if Instant::now() >= deadline => return Err(seat.exhausted()),
                None => (self.open(seat).await?, Past::None),
            };
            match self.bind_one(physical, seat).await {
                BindOutcome::Yes(physical) => {
                    if past == Past::Other {
                        self.grow(self.login_role(seat));
                    }
                    return Ok(physical);
                }
                BindOutcome::Refused(physical, error) => {
                    if let Some(physical) = physical {
                        self.give_back(physical);
                    }
                    return Err(PoolError::Bind(error));
                }
                BindOutcome::Lost(_) if is_idle => {}
                BindOutcome::Lost(error) => return Err(PoolError::Bind(error)),
            }
        }
    }

    async fn bind_one(&self, physical: PhysicalConnection, seat: &Seat) -> BindOutcome {
        match self.connector.pooling() {
            Pooling::Session => physical.bind(seat.terms().clone(), self.isolation).await,
            Pooling::Transaction => physical.begin(seat.terms(), self.isolation).await,
        }
    }

    /// The login role that the seat's connection was opened under, or will be.
    fn login_role(&self, seat: &Seat) -> LoginRoleNumber {
        match &seat.terms().binding {
            Binding::Platform => LoginRoleNumber::PLATFORM,
            Binding::Tenant(tenant) => self.connector.login_role_of(tenant),
        }
    }

    /// An idle connection that is bound as asked; behind a pooler none is bound, and any will do. Those that died are
    /// dropped, and only they are asked.
    fn take_bound(&self, seat: &Seat) -> Option<PhysicalConnection> {
        let asked = &seat.terms().binding;
        let binding = match self.connector.pooling() {
            Pooling::Session => asked,
            Pooling::Transaction => &Binding::Platform,
        };
        let login_role = self.login_role(seat);
        let mut found = self.with_state(|state| {
            if let Binding::Tenant(tenant) = asked {
                state.by_leases.add(tenant, 1);
            }
            state.idle.take_bound(binding, login_role)
        })?;
        while !found.is_open() {
            found = self.with_state(|state| state.idle.take_bound(binding, login_role))?;
        }
        Some(found)
    }

    /// An idle connection to be bound: one that nobody has held yet, or one to be bound anew.
    fn take_other(&self, seat: &Seat) -> Option<(PhysicalConnection, Past)> {
        let (binding, login_role) = (&seat.terms().binding, self.login_role(seat));
        loop {
            let (mut found, past) = self.with_state(|State { idle, .. }| {
                let fresh = idle.take_fresh(login_role);
                fresh.map(|found| (found, Past::None)).or_else(|| {
                    let other = idle.take_other(binding, login_role)?;
                    Some((other, Past::Other))
                })
            })?;
            if found.is_open() {
                return Some((found, past));
            }
        }
    }

    /// Opens a connection. The place that it takes is the seat's. None is idle that it could have instead; where those of
    /// other login roles leave no room, the one that has idled longest is closed for it.
    async fn open(self: &Arc<Self>, seat: &Seat) -> Result<PhysicalConnection, DatabaseError> {
        self.tidying.get_or_init(|| tidying::start(self));
        let login_role = self.login_role(seat);
        while let Some(physical) = self.with_state(|state| self.take_superfluous(state, login_role))
        {
            physical.close(CloseReason::LoginRole);
        }
        let _opening = Opening::of(&self.counters);
        let connection = self.connector.for_login_role(login_role).connect().await?;
        let learnt = refusal::learn_words(&connection).await;
        learnt.map_err(|error| self.connector.unreachable(&error))?;
        Ok(self.record(connection, login_role))
    }

    /// An idle connection of another login role, where more are idle than places are free.
    fn take_superfluous(
        &self,
        state: &mut State,
        login_role: LoginRoleNumber,
    ) -> Option<PhysicalConnection> {
        if state.idle.len() <= self.places.available_permits() {
            return None;
        }
        state.idle.take_longest_of_others(login_role)
    }

    /// Takes down a connection that was just opened.
    pub(super) fn record(
        &self,
        connection: PlatformConn,
        login_role: LoginRoleNumber,
    ) -> PhysicalConnection {
        self.numbers.up();
        let record = ConnectionRecord::new(
            self.numbers.get(),
            login_role,
            self.connector.statement_timeout(),
            self.recycling.max_age,
            Arc::clone(&self.counters),
        );
        PhysicalConnection::new(connection, record)
    }

    /// Takes back a connection that may be lent again, unless it is worn.
    pub(super) fn give_back(&self, physical: PhysicalConnection) {
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
            physical.close(CloseReason::Idle);
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
