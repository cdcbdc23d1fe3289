//! The opened platform: a migrated database, its pools, the provisioner and the password hasher.
//!
//! The server, the CLI and the demo all start here.

use std::num::NonZero;
use std::thread::available_parallelism;

use crate::config::Config;
use crate::database::{Database, DatabaseError, migrations};
use crate::identity::password::PasswordHasher;
use crate::provisioner::Provisioner;
use crate::tenancy::{TenantPools, TenantRegistry};

/// What every program of the platform works with. Dropping it stops the embedded server, if nobody else uses it.
#[derive(Debug)]
pub struct Platform {
    /// Leases of connections.
    pub pools: TenantPools,
    /// From a tenant's name to the tenant.
    pub registry: TenantRegistry,
    /// Builds tenants.
    pub provisioner: Provisioner,
    /// Hashes and checks passwords.
    pub hasher: PasswordHasher,
    /// Last, so that it is dropped after all that uses it.
    pub database: Database,
}

impl Platform {
    /// Opens the database and brings the platform schema up to date.
    ///
    /// # Errors
    /// [`DatabaseError`] when the database is not there or cannot be migrated.
    pub async fn open(config: &Config) -> Result<Self, DatabaseError> {
        let database = Database::open(&config.database).await?;
        migrations::run(database.connector()).await?;
        let pools = TenantPools::new(database.connector().clone(), &config.pool);
        Ok(Self {
            registry: TenantRegistry::new(pools.clone()),
            provisioner: Provisioner::new(database.connector().clone(), config.pool.isolation),
            hasher: hasher(config),
            pools,
            database,
        })
    }
}

fn hasher(config: &Config) -> PasswordHasher {
    let identity = &config.identity;
    let half_of_processors = || available_parallelism().map_or(1, NonZero::get).div_ceil(2);
    let at_once = identity.password_threads.map_or_else(half_of_processors, usize::from);
    PasswordHasher::new(identity.password_pepper.clone(), identity.password_cost, at_once, identity.password_queue.into())
}
