//! Leases: bounded views of each tenant over the connections that all tenants share.
//!
//! A lease waits for a place in its tenant's share, then for one of all places. It then takes, in this order, an idle
//! connection that is bound to the tenant already, the connection that has idled longest, or a new one.

mod in_flight;
mod lease;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use connection::PlatformConn;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use platform_schema::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::binding::Binding;
use crate::config::{Isolation, PoolConfig};
use crate::database::{Connector, DatabaseError};
use in_flight::InFlight;
pub use lease::{Lease, PlatformLease};

/// The pools of all tenants. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TenantPools(Arc<Shared>);

/// What all leases share.
#[derive(Debug)]
struct Shared {
    connector: Connector,
    isolation: Isolation,
    wait: Duration,
    share: usize,
    places: Arc<Semaphore>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Connections that nobody holds, longest idle first.
    idle: Vec<Physical>,
    /// Places of each tenant that holds or awaits a lease.
    shares: HashMap<TenantId, Arc<Semaphore>>,
}

/// A database connection, what it is bound to, and whether a statement is under way on it.
struct Physical {
    connection: AsyncPgConnection,
    binding: Binding,
    in_flight: InFlight,
}

/// Why there is no lease.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// No place became free in time.
    #[error("no database connection became free within {} ms", .waited.as_millis())]
    Exhausted {
        /// How long the caller waited.
        waited: Duration,
    },
    /// A connection could not be opened.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// A connection could not be bound to the tenant.
    #[error("a connection could not be bound: {0}")]
    Bind(#[source] diesel::result::Error),
}

impl TenantPools {
    /// Pools over the connections of `connector`. Opens none.
    pub fn new(connector: Connector, config: &PoolConfig) -> Self {
        Self(Arc::new(Shared {
            connector,
            isolation: config.isolation,
            wait: config.wait(),
            share: places(config.pool_max_per_tenant),
            places: Arc::new(Semaphore::new(places(config.pool_max_connections))),
            state: Mutex::default(),
        }))
    }

    /// Lends a connection bound to `tenant`.
    ///
    /// For the identity room alone, which lends it on with proof of who asks: a handler takes `Authorized<Permission>`.
    ///
    /// # Errors
    /// `Exhausted` when none became free in time, `Database` when none can be opened, `Bind` when the tenant's role or
    /// schema is gone.
    pub async fn lease(&self, tenant: &TenantId) -> Result<Lease, PoolError> {
        let deadline = Instant::now() + self.0.wait;
        let share = self.0.acquire(self.0.share_of(tenant), deadline).await?;
        let place = self.0.acquire(Arc::clone(&self.0.places), deadline).await?;
        let physical = self.0.bound(Binding::Tenant(tenant.clone())).await?;
        Ok(Lease::new(
            physical,
            Arc::clone(&self.0),
            Some(share),
            place,
        ))
    }

    /// Lends a connection to the platform.
    ///
    /// # Errors
    /// As [`Self::lease`].
    pub async fn platform(&self) -> Result<PlatformLease, PoolError> {
        let deadline = Instant::now() + self.0.wait;
        let place = self.0.acquire(Arc::clone(&self.0.places), deadline).await?;
        let physical = self.0.bound(Binding::Platform).await?;
        Ok(PlatformLease::new(
            physical,
            Arc::clone(&self.0),
            None,
            place,
        ))
    }

    /// How connections are opened.
    pub fn connector(&self) -> &Connector {
        &self.0.connector
    }

    /// How tenants are kept apart.
    pub fn isolation(&self) -> Isolation {
        self.0.isolation
    }

    /// Connections that are open and lent to nobody.
    pub fn idle(&self) -> usize {
        self.0.with_state(|state| state.idle.len())
    }
}

impl Shared {
    fn with_state<Value>(&self, work: impl FnOnce(&mut State) -> Value) -> Value {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn share_of(&self, tenant: &TenantId) -> Arc<Semaphore> {
        self.with_state(|state| {
            // Only tenants at work are kept: registered but idle ones cost nothing.
            state.shares.retain(|_, share| Arc::strong_count(share) > 1);
            Arc::clone(
                state
                    .shares
                    .entry(tenant.clone())
                    .or_insert_with(|| Arc::new(Semaphore::new(self.share))),
            )
        })
    }

    async fn acquire(
        &self,
        places: Arc<Semaphore>,
        deadline: Instant,
    ) -> Result<OwnedSemaphorePermit, PoolError> {
        match timeout_at(deadline, places.acquire_owned()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(PoolError::Exhausted { waited: self.wait }),
        }
    }

    /// A connection bound as asked: an idle one, or a new one.
    async fn bound(&self, binding: Binding) -> Result<Physical, PoolError> {
        let physical = match self.with_state(|state| state.take(&binding)) {
            Some(physical) if physical.binding == binding => return Ok(physical),
            Some(physical) => physical,
            None => Physical::new(self.connector.connect().await?),
        };
        physical.bind(binding, self.isolation).await
    }

    fn give_back(&self, physical: Physical) {
        self.with_state(|state| state.idle.push(physical));
    }
}

impl State {
    /// The idle connection that was used last among those bound as asked, else the one that has idled longest. Those that
    /// the server has closed meanwhile are dropped.
    fn take(&mut self, binding: &Binding) -> Option<Physical> {
        self.idle
            .retain_mut(|physical| connection::is_open(&mut physical.connection));
        let position = self
            .idle
            .iter()
            .rposition(|physical| physical.binding == *binding);
        position
            .or((!self.idle.is_empty()).then_some(0))
            .map(|position| self.idle.remove(position))
    }
}

impl Physical {
    fn new(connection: PlatformConn) -> Self {
        let in_flight = InFlight::default();
        let mut connection = connection.into_inner();
        connection.set_instrumentation(in_flight.clone());
        Self {
            connection,
            binding: Binding::Platform,
            in_flight,
        }
    }

    /// Binds the connection. One that cannot be bound is closed.
    async fn bind(self, binding: Binding, isolation: Isolation) -> Result<Self, PoolError> {
        if self.binding == binding {
            return Ok(self);
        }
        let conn = PlatformConn::assume(self.connection);
        conn.batch(&binding.message(isolation))
            .await
            .map_err(PoolError::Bind)?;
        Ok(Self {
            connection: conn.into_inner(),
            binding,
            in_flight: self.in_flight,
        })
    }
}

impl std::fmt::Debug for Physical {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "connection bound to {:?}", self.binding)
    }
}

fn places(count: u32) -> usize {
    usize::try_from(count)
        .unwrap_or(usize::MAX)
        .min(Semaphore::MAX_PERMITS)
}
