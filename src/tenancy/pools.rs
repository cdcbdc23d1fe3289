//! Leases: bounded views of each tenant over the connections that all tenants share.
//!
//! A lease waits for a place in its tenant's share, then for one of all places. It then takes, in this order, an idle
//! connection that is bound to the tenant already, the connection that has idled longest, or a new one.

mod ending;
mod idle;
mod in_flight;
mod lease;
mod physical;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use platform_schema::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::binding::Binding;
use super::ledger::Ledger;
use crate::config::{Isolation, PoolConfig};
use crate::database::{Connector, DatabaseError, Pooling};
use idle::Idle;
pub use lease::{Lease, PlatformLease};
use physical::Physical;

/// The pools of all tenants, as seen by one request or by nobody in particular. Cheap to clone.
#[derive(Debug, Clone)]
pub struct TenantPools(Arc<Shared>, Option<Ledger>);

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
    idle: Idle,
    /// Places of each tenant that holds or awaits a lease.
    shares: HashMap<TenantId, Arc<Semaphore>>,
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
        let shared = Arc::new(Shared {
            connector,
            isolation: config.isolation,
            wait: config.wait(),
            share: places(config.pool_max_per_tenant),
            places: Arc::new(Semaphore::new(places(config.pool_max_connections))),
            state: Mutex::default(),
        });
        Self(shared, None)
    }

    /// The same pools for one request, whose leases report to its ledger how they ended. Where a lease is no transaction
    /// there is nothing to report, and no ledger is asked for.
    #[must_use]
    pub fn for_request(&self, ledger: impl FnOnce() -> Ledger) -> Self {
        Self(Arc::clone(&self.0), self.settles().then(ledger))
    }

    /// Whether a lease is a transaction, so that what is done in it is seen by others only when it has ended.
    pub fn settles(&self) -> bool {
        self.0.connector.pooling() == Pooling::Transaction
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
            self.1.clone(),
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
            self.1.clone(),
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
        let physical = match self.with_state(|state| state.idle.take(&binding)) {
            Some(physical) => physical,
            None => Physical::new(self.connector.connect().await?),
        };
        match self.connector.pooling() {
            Pooling::Session => physical.bind(binding, self.isolation).await,
            Pooling::Transaction => {
                let timeout = self.connector.statement_timeout();
                physical.begin(binding, self.isolation, timeout).await
            }
        }
    }

    fn give_back(&self, physical: Physical) {
        self.with_state(|state| state.idle.give_back(physical));
    }
}

fn places(count: u32) -> usize {
    usize::try_from(count)
        .unwrap_or(usize::MAX)
        .min(Semaphore::MAX_PERMITS)
}
