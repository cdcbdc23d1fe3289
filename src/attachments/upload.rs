//! A content on its way into the store: written as it comes, hashed, measured and judged, and removed again unless a row names
//! it.

use aws_lc_rs::digest::{self, SHA256};
use object_store::WriteMultipart;
use platform_schema::TenantId;
use tenant_schema::tools::StoredContent;
use tokio::runtime::Handle;
use uuid::Uuid;

use crate::store::content_type::{LOOKED_AT, TypeDenied};
use crate::store::{AttachmentStore, StoreError};

/// Parts that are on their way to the store while the next one is received.
const PARTS_AT_ONCE: usize = 2;

/// Why a content is not stored.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The content has more bytes than it may have.
    #[error("the file has more than {0} bytes")]
    TooLarge(u64),
    /// The content has a type that it may not have.
    #[error(transparent)]
    Type(#[from] TypeDenied),
}

/// A content that is being written. Dropping it removes what was written.
pub struct Upload {
    store: AttachmentStore,
    tenant: TenantId,
    object: Uuid,
    /// Taken when the upload ends.
    writer: Option<WriteMultipart>,
    hash: digest::Context,
    size: u64,
    /// The first bytes, as far as they are looked at.
    first: Vec<u8>,
    declared: Option<String>,
}

impl std::fmt::Debug for Upload {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = formatter.debug_struct("Upload");
        let shown = shown.field("object", &self.object);
        shown.field("size", &self.size).finish_non_exhaustive()
    }
}

/// A content that is stored, and that no row names yet. Dropping it removes it, until it is held.
#[derive(Debug)]
pub struct Uploaded {
    store: AttachmentStore,
    tenant: TenantId,
    content: StoredContent,
    is_held: bool,
}

impl Upload {
    /// Begins an upload of what the client says is of the type `declared`.
    ///
    /// # Errors
    /// A store that fails.
    pub async fn begin(
        store: &AttachmentStore,
        tenant: &TenantId,
        declared: Option<String>,
    ) -> Result<Self, StoreError> {
        // Version 4: unlike the ids of rows, it tells nothing and cannot be guessed.
        let object = Uuid::new_v4();
        Ok(Self {
            writer: Some(store.write(tenant, object).await?),
            store: store.clone(),
            tenant: tenant.clone(),
            object,
            hash: digest::Context::new(&SHA256),
            size: 0,
            first: Vec::new(),
            declared,
        })
    }

    /// Writes the next bytes, when the store has taken what came before.
    ///
    /// # Errors
    /// More bytes than a content may have, a type that it may not have, or a store that fails.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), UploadError> {
        let more = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.size = self.size.saturating_add(more);
        if self.size > self.store.most_bytes {
            return Err(UploadError::TooLarge(self.store.most_bytes));
        }
        if self.first.len() < LOOKED_AT {
            let missing = LOOKED_AT.saturating_sub(self.first.len());
            self.first.extend(bytes.iter().take(missing));
            if self.first.len() == LOOKED_AT {
                self.judge()?;
            }
        }
        self.hash.update(bytes);
        if let Some(writer) = &mut self.writer {
            let room = writer.wait_for_capacity(PARTS_AT_ONCE).await;
            room.map_err(StoreError::from)?;
            writer.write(bytes);
        }
        Ok(())
    }

    /// Ends the upload: the content is stored as a whole, by the user given.
    ///
    /// # Errors
    /// A type that it may not have, or a store that fails.
    pub async fn finish(mut self, created_by: Option<Uuid>) -> Result<Uploaded, UploadError> {
        let content = StoredContent {
            object_id: self.object,
            content_type: self.judge()?,
            size: i64::try_from(self.size).unwrap_or(i64::MAX),
            sha256: self.hash.clone().finish().as_ref().to_vec(),
            created_by,
        };
        let writer = self.writer.take();
        let uploaded = Uploaded {
            store: self.store.clone(),
            tenant: self.tenant.clone(),
            content,
            is_held: false,
        };
        if let Some(writer) = writer {
            writer.finish().await.map_err(StoreError::from)?;
        }
        Ok(uploaded)
    }

    fn judge(&self) -> Result<String, TypeDenied> {
        let declared = self.declared.as_deref();
        self.store.rules.judge(&self.first, declared)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let (Some(writer), Ok(runtime)) = (self.writer.take(), Handle::try_current()) {
            // Of a server that stops meanwhile, a sweep removes it.
            runtime.spawn(async move { writer.abort().await });
        }
    }
}

impl Uploaded {
    /// What is known of the content.
    pub fn content(&self) -> &StoredContent {
        &self.content
    }

    /// From now on the content stays, for a transaction begins that may name it: nobody knows whether one that was cut off has
    /// been committed. [`Self::settle`] ends this.
    pub fn hold(&mut self) {
        self.is_held = true;
    }

    /// The transaction is over. The content stays if it was named, or may have been, and is removed if it was not.
    pub async fn settle(mut self, is_named: bool) {
        if is_named {
            return;
        }
        self.is_held = true;
        if let Err(error) = self
            .store
            .remove(&self.tenant, self.content.object_id)
            .await
        {
            tracing::warn!(%error, "a content that no attachment names is left to the sweep");
        }
    }
}

impl Drop for Uploaded {
    fn drop(&mut self) {
        if self.is_held {
            return;
        }
        if let Ok(runtime) = Handle::try_current() {
            let (store, tenant) = (self.store.clone(), self.tenant.clone());
            let object = self.content.object_id;
            runtime.spawn(async move { store.remove(&tenant, object).await });
        }
    }
}
