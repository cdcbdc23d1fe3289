//! The cache of what was read once, which is remembered for as long as it is known to be true.

use std::hash::Hash;
use std::sync::Arc;
use std::time::{Duration, Instant};

use moka::Expiry;
use moka::future::Cache;

use super::changes::{Changes, Moment, Subject};
use super::pools::PoolError;

/// How long something is remembered at most, though no change of it was announced: somebody may have changed it by hand.
const LONGEST: Duration = Duration::from_secs(10);

/// How long the absence of something is remembered.
const ABSENT: Duration = Duration::from_millis(100);

/// A key of something that is remembered. It names the tenant, so that nothing is remembered across tenants.
pub trait CacheKey: Hash + Eq + Clone + Send + Sync + 'static {
    /// What announcements say when the value changes.
    fn subject(&self) -> Subject<'_>;
}

/// What was read of each key.
#[derive(Debug)]
pub struct CoherentCache<K: CacheKey, Value: Send + Sync + 'static> {
    cache: Cache<K, Arc<Entry<Value>>>,
    changes: Changes,
}

/// What was read, and when.
#[derive(Debug)]
struct Entry<Value> {
    value: Option<Arc<Value>>,
    moment: Moment,
    lifetime: Duration,
}

/// Why something could not be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LoadError {
    /// No connection.
    #[error(transparent)]
    Pool(Arc<PoolError>),
    /// What the database says.
    #[error("the query failed: {0}")]
    Query(Arc<diesel::result::Error>),
}

impl From<PoolError> for LoadError {
    fn from(error: PoolError) -> Self {
        Self::Pool(Arc::new(error))
    }
}

impl From<diesel::result::Error> for LoadError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Query(Arc::new(error))
    }
}

/// Something that was read, and how long it is true at most by what it says itself.
#[derive(Debug)]
pub struct Loaded<Value> {
    /// What there is, if there is anything.
    pub value: Option<Value>,
    /// When it ends by itself; nothing where it does not.
    pub lifetime: Option<Duration>,
}

#[derive(Debug)]
struct Lifetime;

impl<K, Value> Expiry<K, Arc<Entry<Value>>> for Lifetime {
    fn expire_after_create(
        &self,
        _: &K,
        entry: &Arc<Entry<Value>>,
        _: Instant,
    ) -> Option<Duration> {
        Some(entry.lifetime)
    }
}

impl<K: CacheKey, Value: Send + Sync + 'static> CoherentCache<K, Value> {
    /// Remembers as many keys as `capacity`, the least used are forgotten first.
    pub fn new(changes: Changes, capacity: u64) -> Self {
        let cache = Cache::builder()
            .max_capacity(capacity)
            .expire_after(Lifetime)
            .build();
        Self { cache, changes }
    }

    /// What is remembered of a key and known to be true; otherwise what `load` reads, once however many ask for it at the
    /// same moment. While changes are not heard, everybody reads for themselves.
    ///
    /// # Errors
    /// What `load` says.
    pub async fn get<Loading>(
        &self,
        key: &K,
        load: impl Fn() -> Loading,
    ) -> Result<Option<Arc<Value>>, LoadError>
    where
        Loading: Future<Output = Result<Loaded<Value>, LoadError>>,
    {
        if let Some(entry) = self.cache.get(key).await {
            if self.changes.is_current(entry.moment) {
                return Ok(entry.value.clone());
            }
            self.cache.invalidate(key).await;
        }
        if let Some(moment) = self.changes.moment(key.subject()) {
            let loading = async { Ok(Arc::new(Entry::new(load().await?, moment))) };
            let entry = self.cache.try_get_with_by_ref(key, loading).await;
            let entry = entry.map_err(|error: Arc<LoadError>| LoadError::clone(&error))?;
            // Somebody else may have begun to read before a change of which this caller knows.
            if self.changes.is_current(entry.moment) {
                return Ok(entry.value.clone());
            }
        }
        Ok(load().await?.value.map(Arc::new))
    }
}

impl<Value> Entry<Value> {
    fn new(loaded: Loaded<Value>, moment: Moment) -> Self {
        let longest = if loaded.value.is_some() {
            LONGEST
        } else {
            ABSENT
        };
        Self {
            lifetime: loaded.lifetime.map_or(longest, |ends| ends.min(longest)),
            value: loaded.value.map(Arc::new),
            moment,
        }
    }
}
