//! What is left over: attachments that were deleted long ago, and contents that no attachment names.

use std::collections::HashSet;
use std::time::SystemTime;

use chrono::{TimeDelta, Utc};
use futures_util::TryStreamExt;
use platform_schema::Tenant;
use serde::Serialize;
use tenant_schema::settings::{Change, Origin};
use tenant_schema::tools::{Attachment, AttachmentVersion};
use uuid::Uuid;

use crate::platform::Platform;
use crate::store::{AttachmentStore, StoreError, StoredObject};
use crate::tenancy::{PoolError, SettleError, TenantPools};

/// Attachments that one transaction removes, and contents that are looked up at once.
const AT_ONCE: usize = 100;

/// How long things are left alone.
#[derive(Debug, Clone, Copy)]
pub struct SweepTerms {
    /// Contents that no attachment names, from when they were written: longer than an upload may take, for one that is under
    /// way has no attachment yet.
    pub grace: TimeDelta,
    /// Deleted attachments, from when they were deleted.
    pub retention: TimeDelta,
}

/// What was removed of one tenant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// Attachments that were deleted long ago.
    pub attachments: usize,
    /// Contents that no attachment names.
    pub objects: usize,
    /// Bytes of these.
    pub bytes: u64,
    /// Uploads that were not finished.
    pub unfinished: usize,
}

/// Why a tenant was not swept to its end.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no connection.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The database failed.
    #[error(transparent)]
    Query(#[from] diesel::result::Error),
    /// What was done is not kept.
    #[error(transparent)]
    Settle(#[from] SettleError),
}

/// What sweeping takes.
#[derive(Debug, Clone)]
pub struct Sweeper {
    pub(super) pools: TenantPools,
    store: AttachmentStore,
}

impl Sweeper {
    /// The sweeper of a platform's attachments.
    pub fn new(platform: &Platform) -> Self {
        Self {
            pools: platform.pools.clone(),
            store: platform.attachments.clone(),
        }
    }

    /// Sweeps one tenant: first the rows, then what they no longer name, and last what none ever named.
    ///
    /// # Errors
    /// A failure of the database or of the store. What was removed before stays removed; sweeping again goes on.
    pub async fn sweep(&self, tenant: &Tenant, terms: SweepTerms) -> Result<Swept, SweepError> {
        let store = &self.store;
        let mut swept = Swept::default();
        loop {
            let (attachments, objects) = self.remove_deleted(tenant, terms).await?;
            for object in objects {
                store.remove(&tenant.id, object).await?;
            }
            if attachments == 0 {
                break;
            }
            swept.attachments += attachments;
        }
        self.remove_unnamed(tenant, terms, &mut swept).await?;
        let grace = terms.grace.to_std().unwrap_or_default();
        let until = SystemTime::now().checked_sub(grace);
        let until = until.unwrap_or(SystemTime::UNIX_EPOCH);
        swept.unfinished = store.remove_unfinished(until, &tenant.id)?;
        Ok(swept)
    }

    /// Removes some of the attachments that were deleted long ago. Gives how many, and the objects that nothing names any more.
    #[expect(clippy::disallowed_methods, reason = "a sweep works on every tenant")]
    async fn remove_deleted(
        &self,
        tenant: &Tenant,
        terms: SweepTerms,
    ) -> Result<(usize, Vec<Uuid>), SweepError> {
        let until = Utc::now() - terms.retention;
        let limit = i64::try_from(AT_ONCE).unwrap_or(i64::MAX);
        let mut lease = self.pools.lease(&tenant.id).await?;
        // An early return drops the lease, and with it the transaction.
        lease.begin().await?;
        let attachments = Attachment::long_deleted(until, limit, &lease).await?;
        let (mut objects, mut changes) = (Vec::new(), Vec::new());
        for attachment in &attachments {
            objects.extend(attachment.remove(&lease).await?);
            changes.push(("attachments.purge", Change::deleted(attachment)));
        }
        Origin::nobody().record(changes, &mut lease).await?;
        lease.commit().await?;
        lease.finish().await?;
        Ok((attachments.len(), objects))
    }

    async fn remove_unnamed(
        &self,
        tenant: &Tenant,
        terms: SweepTerms,
        swept: &mut Swept,
    ) -> Result<(), SweepError> {
        let written = self
            .store
            .written_before(Utc::now() - terms.grace, &tenant.id);
        let mut pages = written.try_chunks(AT_ONCE);
        while let Some(page) = pages.try_next().await.map_err(|error| error.1)? {
            for object in self.unnamed(&page, tenant).await? {
                self.store.remove(&tenant.id, object.id).await?;
                swept.objects += 1;
                swept.bytes += object.size;
            }
        }
        Ok(())
    }

    /// Those of the objects that no version names.
    #[expect(clippy::disallowed_methods, reason = "a sweep works on every tenant")]
    async fn unnamed(
        &self,
        objects: &[StoredObject],
        tenant: &Tenant,
    ) -> Result<Vec<StoredObject>, SweepError> {
        let ids: Vec<Uuid> = objects.iter().map(|object| object.id).collect();
        let lease = self.pools.lease(&tenant.id).await?;
        let named = AttachmentVersion::named(&ids, &lease).await?;
        lease.finish().await?;
        let named: HashSet<Uuid> = named.into_iter().collect();
        let unnamed = objects.iter().filter(|object| !named.contains(&object.id));
        Ok(unnamed.copied().collect())
    }
}
