//! The store of contents: a folder or a bucket, in which each tenant has a prefix of its own: `<tenant id>/<object id>`. What
//! clients call their files is in no name.

pub mod content_type;

use std::fs;
use std::ops::Range;
use std::path::{self, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use actix_web::web::Bytes;
use chrono::{DateTime, Utc};
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt, TryStreamExt, future, stream};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{
    GetOptions, GetRange, ObjectStore, ObjectStoreExt, RetryConfig, WriteMultipart,
};
use platform_schema::TenantId;
use secrecy::ExposeSecret;
use uuid::Uuid;

use crate::config::{AttachmentConfig, Config, StoreUrl};
pub use content_type::TypeRules;

/// Bytes that are written to a folder at once.
const FOLDER_PART: usize = 256 * 1024;

/// Bytes of a part of an upload to a bucket: the least that S3 takes of any but the last (Amazon S3 user guide, "multipart
/// upload limits").
const BUCKET_PART: usize = 5 * 1024 * 1024;

/// How long a bucket that does not answer is asked again, while a client waits.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often a bucket is asked again.
const MOST_RETRIES: usize = 3;

/// Where contents are kept, and which. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AttachmentStore {
    place: Place,
    /// Bytes that a content may have.
    pub most_bytes: u64,
    /// Types that it may have.
    pub rules: Arc<TypeRules>,
}

#[derive(Debug, Clone)]
enum Place {
    Folder(PathBuf),
    Bucket(Arc<dyn ObjectStore>),
}

/// Why a content cannot be written, read or removed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store refuses, or does not answer.
    #[error("the store of attachments failed: {0}")]
    Object(#[from] object_store::Error),
    /// The folder cannot be used.
    #[error("the folder of attachments cannot be used: {0}")]
    Folder(#[from] std::io::Error),
    /// The prefix of the bucket is none.
    #[error("the prefix in `ATTACHMENTS_URL` cannot be used: {0}")]
    Prefix(#[from] object_store::path::Error),
}

/// An object of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredObject {
    /// Its name below the tenant's prefix.
    pub id: Uuid,
    /// Bytes.
    pub size: u64,
}

impl AttachmentStore {
    /// The store of the configuration. It is not asked for anything yet, nor is a folder made.
    ///
    /// # Errors
    /// A bucket whose settings cannot be.
    pub fn open(config: &Config) -> Result<Self, StoreError> {
        let attachments = &config.attachments;
        let place = match &attachments.attachments_url {
            None => Place::Folder(path::absolute(
                config.database.data_dir.join("attachments"),
            )?),
            Some(StoreUrl::Folder(folder)) => Place::Folder(folder.clone()),
            Some(StoreUrl::Bucket { name, prefix }) => bucket(name, prefix, attachments)?,
        };
        Ok(Self {
            place,
            most_bytes: attachments.attachment_max_bytes,
            rules: Arc::new(TypeRules::new(attachments)),
        })
    }

    /// Begins to write an object. Nobody sees it before it is whole.
    pub(crate) async fn write(
        &self,
        tenant: &TenantId,
        object: Uuid,
    ) -> Result<WriteMultipart, StoreError> {
        let upload = self.objects()?.put_multipart(&name(tenant, object)).await?;
        let part = match &self.place {
            Place::Folder(_) => FOLDER_PART,
            Place::Bucket(_) => BUCKET_PART,
        };
        Ok(WriteMultipart::new_with_chunk_size(upload, part))
    }

    /// The bytes of an object within `range`, which is not empty and within the object.
    ///
    /// # Errors
    /// An object that is not there, or a store that fails.
    pub async fn read(
        &self,
        tenant: &TenantId,
        object: Uuid,
        range: Range<u64>,
    ) -> Result<impl Stream<Item = object_store::Result<Bytes>> + use<>, StoreError> {
        let options = GetOptions::new().with_range(Some(GetRange::Bounded(range)));
        let objects = self.objects()?;
        let found = objects.get_opts(&name(tenant, object), options).await?;
        Ok(found.into_stream())
    }

    /// Removes an object. One that is not there is removed already.
    pub async fn remove(&self, tenant: &TenantId, object: Uuid) -> Result<(), StoreError> {
        match self.objects()?.delete(&name(tenant, object)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The objects of a tenant that were written before `until`. What has another name than ours is left out.
    pub fn written_before(
        &self,
        until: DateTime<Utc>,
        tenant: &TenantId,
    ) -> BoxStream<'static, Result<StoredObject, StoreError>> {
        let objects = match self.objects() {
            Ok(objects) => objects,
            Err(error) => return stream::once(future::ready(Err(error))).boxed(),
        };
        let found = objects.list(Some(&Path::from(tenant.to_string())));
        let ours = found.try_filter_map(move |object| {
            let id = object
                .location
                .filename()
                .and_then(|name| name.parse().ok());
            let ours = id.filter(|_| object.last_modified < until);
            future::ready(Ok(ours.map(|id| StoredObject {
                id,
                size: object.size,
            })))
        });
        ours.map_err(StoreError::from).boxed()
    }

    /// Removes what uploads to a folder have left that were killed before `until`: files beside the objects, named like one of
    /// them and numbered. A bucket forgets such by its own rules. Gives how many there were.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn remove_unfinished(
        &self,
        until: SystemTime,
        tenant: &TenantId,
    ) -> Result<usize, StoreError> {
        let Place::Folder(folder) = &self.place else {
            return Ok(0);
        };
        let folder = folder.join(tenant.to_string());
        if !folder.exists() {
            return Ok(0);
        }
        let mut removed = 0;
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let is_unfinished = name
                .to_str()
                .and_then(|name| name.split_once('#'))
                .is_some_and(|(object, _)| object.parse::<Uuid>().is_ok());
            if is_unfinished && entry.metadata()?.modified()? < until {
                fs::remove_file(entry.path())?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// The store itself. A folder is made where it is not there.
    fn objects(&self) -> Result<Arc<dyn ObjectStore>, StoreError> {
        match &self.place {
            Place::Bucket(bucket) => Ok(Arc::clone(bucket)),
            Place::Folder(folder) => {
                fs::create_dir_all(folder)?;
                // What is answered for is on the disk.
                let local = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
                Ok(Arc::new(local))
            }
        }
    }
}

fn name(tenant: &TenantId, object: Uuid) -> Path {
    Path::from(format!("{tenant}/{}", object.simple()))
}

fn bucket(name: &str, prefix: &str, config: &AttachmentConfig) -> Result<Place, StoreError> {
    let retry = RetryConfig {
        max_retries: MOST_RETRIES,
        retry_timeout: PATIENCE,
        ..RetryConfig::default()
    };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(name)
        .with_region(&config.aws_region)
        .with_retry(retry);
    if let Some(endpoint) = &config.aws_endpoint_url {
        builder = builder
            .with_endpoint(endpoint)
            .with_allow_http(endpoint.starts_with("http://"));
    }
    if let (Some(id), Some(secret)) = (&config.aws_access_key_id, &config.aws_secret_access_key) {
        builder = builder
            .with_access_key_id(id)
            .with_secret_access_key(secret.expose_secret());
    }
    if let Some(token) = &config.aws_session_token {
        builder = builder.with_token(token.expose_secret());
    }
    let bucket = PrefixStore::new(builder.build()?, Path::parse(prefix)?);
    Ok(Place::Bucket(Arc::new(bucket)))
}
