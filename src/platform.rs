//! The opened platform: a migrated database, its pools, the provisioner and the password hasher.
//!
//! The server, the CLI and the demo all start here.

use std::num::NonZero;
use std::thread::available_parallelism;

use crate::config::{Config, IdentityConfig};
use crate::database::{Database, DatabaseError, Pooling, migrations};
use crate::pepper::attachment_link::AttachmentLinks;
use crate::pepper::mailed_link::MailedLinks;
use crate::pepper::mailed_token::LinkKey;
use crate::pepper::password::{PasswordError, PasswordHasher};
use crate::pepper::receipt::ReceiptKey;
use crate::pepper::sealing::Sealer;
use crate::provisioner::{ProvisionError, Provisioner};
use crate::settings::SettingsCache;
use crate::store::{AttachmentStore, StoreError};
use crate::tenancy::{Changes, TenantPools, TenantRates, TenantRegistry};

/// What every program of the platform works with. Dropping it stops the embedded server, if nobody else uses it.
#[derive(Debug)]
pub struct Platform {
    /// Leases of connections.
    pub pools: TenantPools,
    /// From a tenant's name to the tenant.
    pub registry: TenantRegistry,
    /// The tenants' settings and feature flags, remembered.
    pub settings: SettingsCache,
    /// The rates of the tenants' plans.
    pub rates: TenantRates,
    /// What was changed elsewhere. The server listens; other programs believe nothing and read everything.
    pub changes: Changes,
    /// Builds tenants.
    pub provisioner: Provisioner,
    /// Hashes and checks passwords.
    pub hasher: PasswordHasher,
    /// Makes the links in mails.
    pub mailed_links: MailedLinks,
    /// What answers are kept with, to be given again.
    pub receipts: ReceiptKey,
    /// Seals the secrets that tenants keep, and opens them.
    pub sealer: Sealer,
    /// Where the contents of attachments are.
    pub attachments: AttachmentStore,
    /// Signs links to them.
    pub attachment_links: AttachmentLinks,
    /// Last, so that it is dropped after all that uses it.
    pub database: Database,
}

/// Why the platform cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum PlatformError {
    /// The database is not there, or cannot be migrated.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The login role lacks a right.
    #[error(transparent)]
    Provision(#[from] ProvisionError),
    /// The password hasher cannot be made.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The store of attachments cannot be.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Platform {
    /// Opens the database and brings the platform schema up to date.
    ///
    /// # Errors
    /// `Database` when the database is not there or cannot be migrated.
    pub async fn open(config: &Config) -> Result<Self, PlatformError> {
        let attachments = AttachmentStore::open(config)?;
        let hasher = hasher(&config.identity)?;
        let database = Box::pin(Database::open(&config.database)).await?;
        migrations::run(database.connector()).await?;
        let provisioner = Provisioner::open(database.connector(), &config.pool).await?;
        let serving = database.serving().clone();
        let serving = serving.with_login_roles_of(provisioner.connector());
        if serving.pooling() == Pooling::Transaction {
            serving.check_login_roles().await?;
        }
        let pools = TenantPools::new(serving, &config.pool);
        let changes = Changes::new(database.connector().clone(), pools.news().clone());
        let pepper = &config.identity.password_pepper;
        let link_key = LinkKey::derive(pepper);
        Ok(Self {
            mailed_links: MailedLinks::new(
                link_key.map_err(PasswordError::from)?,
                config.mail.reset_lifetime(),
            ),
            receipts: ReceiptKey::derive(pepper).map_err(PasswordError::from)?,
            sealer: Sealer::new(pepper),
            attachment_links: AttachmentLinks::derive(pepper).map_err(PasswordError::from)?,
            attachments,
            registry: TenantRegistry::new(pools.clone(), changes.clone()),
            settings: SettingsCache::new(pools.clone(), changes.clone()),
            rates: TenantRates::new(),
            changes,
            provisioner,
            hasher,
            pools,
            database,
        })
    }
}

fn hasher(config: &IdentityConfig) -> Result<PasswordHasher, PasswordError> {
    let processors = available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    let half_of_them = NonZero::new(processors.get().div_ceil(2)).unwrap_or(NonZero::<usize>::MIN);
    PasswordHasher::new(
        &config.password_pepper,
        config.password_cost,
        config.password_threads.map_or(half_of_them, NonZero::from),
        config.password_queue.into(),
    )
}
