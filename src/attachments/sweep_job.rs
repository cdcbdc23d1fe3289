//! The task that sweeps what attachments of all active tenants have left over, again and again, on one node at a time.

use std::time::Duration;

use chrono::TimeDelta;
use platform_schema::{Job, Tenant, TenantFilter, TenantSortKey, TenantStatus};
use tokio::time::sleep;

use super::sweep::{SweepError, SweepTerms, Sweeper, Swept};
use crate::config::AttachmentConfig;
use crate::database::{Connector, DatabaseError};
use crate::platform::Platform;
use crate::task::Task;

/// The lock of who sweeps.
const JOB: Job = Job("sweep of attachments");

/// Longest pause before the first time: a server that is started every day sweeps as well.
const FIRST: Duration = Duration::from_mins(15);

/// How long a content that no attachment names is left alone: longer than an upload may ever take.
const GRACE: TimeDelta = TimeDelta::days(1);

/// Tenants that are read at once.
const PAGE: i64 = 100;

/// Why not all tenants could be swept.
#[derive(Debug, thiserror::Error)]
pub enum SweepJobError {
    /// There is no connection to hold the lock with.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The lock or the tenants cannot be read.
    #[error(transparent)]
    Sweep(#[from] SweepError),
}

/// The job: who may do it now, for which terms, and how.
#[derive(Debug, Clone)]
pub struct SweepJob {
    sweeper: Sweeper,
    /// To the database itself: a lock of a session is none behind a pooler.
    connector: Connector,
    terms: SweepTerms,
}

impl SweepJob {
    /// The job of a server with this configuration.
    pub fn new(platform: &Platform, config: &AttachmentConfig) -> Self {
        Self {
            sweeper: Sweeper::new(platform),
            connector: platform.provisioner.connector().clone(),
            terms: SweepTerms {
                grace: GRACE,
                retention: TimeDelta::days(config.attachment_retention.into()),
            },
        }
    }

    /// Begins, and does the job as often as the configuration says; nothing where it says never.
    pub fn start(self, config: &AttachmentConfig) -> Option<Task> {
        let pause = config.sweep_pause()?;
        Some(Task::start(async move {
            sleep(pause.min(FIRST)).await;
            loop {
                if let Err(error) = self.run().await {
                    tracing::warn!(%error, "attachments were not all swept");
                }
                sleep(pause).await;
            }
        }))
    }

    /// Sweeps all active tenants. One that fails is no reason to leave out the others. Gives how many were swept; nothing where
    /// another node is at it.
    ///
    /// # Errors
    /// A failure of the platform's database.
    pub async fn run(&self) -> Result<Option<usize>, SweepJobError> {
        // The lock goes with the connection, also where the node does.
        let lock = self.connector.connect().await?;
        if !JOB.try_take(&lock).await.map_err(SweepError::from)? {
            return Ok(None);
        }
        let mut seen = 0;
        let mut swept = 0;
        loop {
            let tenants = self.page(seen).await?;
            if tenants.is_empty() {
                return Ok(Some(swept));
            }
            for tenant in &tenants {
                seen += 1;
                swept += usize::from(self.sweep(tenant).await);
            }
        }
    }

    /// Active tenants after so many others.
    async fn page(&self, offset: i64) -> Result<Vec<Tenant>, SweepError> {
        let filter = TenantFilter {
            search: None,
            status: Some(TenantStatus::Active),
        };
        let lease = self.sweeper.pools.platform().await?;
        let tenants = Tenant::list(&filter, TenantSortKey::CreatedAt, PAGE, offset, &lease).await?;
        lease.finish().await?;
        Ok(tenants)
    }

    /// Whether a tenant was swept to its end.
    async fn sweep(&self, tenant: &Tenant) -> bool {
        let swept = match self.sweeper.sweep(tenant, self.terms).await {
            Ok(swept) => swept,
            Err(error) => {
                tracing::warn!(tenant.id = %tenant.id, %error, "attachments were not swept");
                return false;
            }
        };
        if swept != Swept::default() {
            let Swept {
                attachments,
                objects,
                bytes,
                unfinished,
            } = swept;
            tracing::info!(tenant.id = %tenant.id, attachments, objects, bytes, unfinished, "attachments were swept");
        }
        true
    }
}
