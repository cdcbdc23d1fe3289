//! Leases: bounded views of each tenant over the connections that all tenants share.
//!
//! A lease waits for a place in its tenant's share, then for one of all places (`shares`). It then takes, in this order, an
//! idle connection that is bound to the tenant already, one that nobody has held yet, one that it binds anew (`idle`), or
//! opens one. All of that has one deadline. Where a connection was bound anew and there is room, another is opened for
//! those who come next (`growth`). Where tenants are dealt to login roles, each is lent connections of its own alone.

mod busiest_tenants;
mod connection_record;
mod counters;
mod growth;
mod held_connection;
mod idle_connections;
mod lease;
mod lending;
mod physical_connection;
mod regular_tenants;
mod seat;
mod shares;
mod tidying;
mod view;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use platform_schema::{Limits, TenantId};
use tokio::sync::Semaphore;

use super::binding::Binding;
use super::ledger::Ledger;
use super::news::News;
use crate::config::{Isolation, PoolConfig};
use crate::database::{Connector, DatabaseError, Pooling};
use crate::task::Task;
use busiest_tenants::BusiestTenants;
use connection_record::{LeaseTerms, Recycling};
use counters::{Count, Counters};
use growth::Growth;
use idle_connections::IdleConnections;
pub use lease::{Lease, PlatformLease};
use seat::Seat;
use shares::Shares;
pub use view::{ClosedView, PoolsView, TenantCount, TenantsView, WaitClass, WaitsView};

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
    max_connections: usize,
    max_idle: Duration,
    recycling: Recycling,
    places: Arc<Semaphore>,
    state: Mutex<State>,
    counters: Arc<Counters>,
    /// Numbers the connections.
    numbers: Count,
    news: News,
    /// What tidies up, until the pools are gone.
    tidying: OnceLock<Task>,
}

#[derive(Debug, Default)]
struct State {
    idle: IdleConnections,
    growth: Growth,
    shares: Shares,
    /// Tenants by leases.
    by_leases: BusiestTenants,
    /// Tenants by microseconds waited.
    by_wait: BusiestTenants,
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
        let max_connections = places(config.pool_max_connections);
        let shared = Arc::new(Shared {
            connector,
            isolation: config.isolation,
            wait: config.wait(),
            share: places(config.pool_max_per_tenant),
            max_connections,
            max_idle: Duration::from_secs(config.pool_max_idle.into()),
            recycling: Recycling {
                max_age: Duration::from_secs(config.pool_max_age.into()),
                max_schemas: places(config.pool_max_schemas),
            },
            places: Arc::new(Semaphore::new(max_connections)),
            state: Mutex::default(),
            counters: Arc::default(),
            numbers: Count::default(),
            news: News::default(),
            tidying: OnceLock::new(),
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

    /// Lends a connection bound to `tenant`, within the limits that hold for all tenants.
    ///
    /// For what serves no request. What does knows the limits of the tenant's plan.
    ///
    /// # Errors
    /// As [`Self::lease_within`].
    #[expect(clippy::disallowed_methods, reason = "it is the same for others")]
    pub async fn lease(&self, tenant: &TenantId) -> Result<Lease, PoolError> {
        self.lease_within(tenant, &Limits::default()).await
    }

    /// Lends a connection bound to `tenant`, within limits of its own. They may be narrower than those that hold for all
    /// tenants, never wider.
    ///
    /// For the identity room alone, which lends it on with proof of who asks: a handler takes `Authorized<Permission>`.
    ///
    /// # Errors
    /// `Exhausted` when none became free in time, `Database` when none can be opened or the server does not answer in time,
    /// `Bind` when the tenant's role or schema is gone.
    pub async fn lease_within(
        &self,
        tenant: &TenantId,
        limits: &Limits,
    ) -> Result<Lease, PoolError> {
        let terms = LeaseTerms {
            binding: Binding::Tenant(tenant.clone()),
            statement_timeout: self.0.statement_timeout(limits),
        };
        let seat = Seat::take(&self.0, terms, self.0.share_within(limits)).await?;
        let physical = self.0.lend(&seat).await?;
        Ok(Lease::new(physical, seat, self.1.clone()))
    }

    /// Lends a connection to the platform, which has half of all places, or a tenant's share if that is more.
    ///
    /// # Errors
    /// As [`Self::lease_within`].
    pub async fn platform(&self) -> Result<PlatformLease, PoolError> {
        let terms = LeaseTerms {
            binding: Binding::Platform,
            statement_timeout: self.0.connector.statement_timeout(),
        };
        let share = self.0.max_connections.div_ceil(2).max(self.0.share);
        let seat = Seat::take(&self.0, terms, share).await?;
        let physical = self.0.lend(&seat).await?;
        Ok(PlatformLease::new(physical, seat, self.1.clone()))
    }

    /// What leases have added to the audit logs of tenants.
    pub fn news(&self) -> &News {
        &self.0.news
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

    /// What the pools have, did and do. Asks no database.
    pub fn view(&self) -> PoolsView {
        view::of(&self.0)
    }
}

impl Shared {
    fn with_state<Value>(&self, work: impl FnOnce(&mut State) -> Value) -> Value {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Connections that a tenant with these limits holds at most; never none.
    fn share_within(&self, limits: &Limits) -> usize {
        let own = limits.max_connections;
        let own = own.and_then(|own| usize::try_from(own).ok());
        own.unwrap_or(self.share).min(self.share).max(1)
    }

    /// How long a statement of a tenant with these limits may take.
    fn statement_timeout(&self, limits: &Limits) -> Duration {
        let all = self.connector.statement_timeout();
        let own = limits.statement_timeout;
        let own = own.and_then(|own| u64::try_from(own).ok());
        own.map_or(all, |own| Duration::from_millis(own).min(all))
    }

    fn note_wait(&self, terms: &LeaseTerms, waited: Duration) {
        self.counters.waits.observe(waited);
        if let Binding::Tenant(tenant) = &terms.binding {
            let micros = u64::try_from(waited.as_micros()).unwrap_or(u64::MAX);
            self.with_state(|state| state.by_wait.add(tenant, micros));
        }
    }
}

fn places(count: u32) -> usize {
    usize::try_from(count)
        .unwrap_or(usize::MAX)
        .min(Semaphore::MAX_PERMITS)
}
