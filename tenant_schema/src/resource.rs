//! What every plain resource is: listed, shown, made, changed, deleted softly and restored, each in the same way.
//!
//! `#[derive(Resource)]` writes all of it for a struct that is a `TenantModel`; the routes know nothing but the trait.

mod faults;
mod filter;
mod given;
mod secret;

use chrono::{DateTime, Utc};
use connection::TenantConn;
use diesel::QueryResult;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;
use uuid::Uuid;

pub use self::faults::{Faults, Input};
pub use self::filter::{Filter, Parameters, containing};
pub use self::given::given;
pub use self::secret::Secret;
pub use crate::clock::clock_timestamp;
use crate::record::Record;
use crate::settings::Audited;

diesel::define_sql_function! {
    /// Text without regard to case, as names are compared.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

/// A kind of record that the API offers as a plain resource. Derived: see [`tenant_schema_derive::Resource`].
///
/// What writes belongs into a transaction, which is the caller's: it records the change in the audit log, too.
pub trait Resource: Audited + Serialize + ToSchema + Sized + 'static {
    /// The body that makes one, and that replaces all that can be given.
    type New: Input + DeserializeOwned + ToSchema + 'static;
    /// The body that changes one: an absent field stays, a null is cleared.
    type Changes: Input + DeserializeOwned + ToSchema + From<Self::New> + 'static;
    /// Which ones a list holds.
    type Filter: Filter + 'static;
    /// What lists are sorted by.
    type SortKey: Copy + PartialEq + 'static;

    /// The path relative to a tenant's mount: `/tools/notes`.
    const PATH: &'static str;
    /// What is done to it, as permissions and the audit log name it.
    const ACTIONS: Actions;
    /// Name in the query → sort key.
    const SORT_KEYS: &'static [(&'static str, Self::SortKey)];
    /// The order of a list that nobody asked to sort.
    const ORDER: Order<Self::SortKey>;
    /// The fields to blame for violated constraints.
    const BLAMES: &'static [Blame];

    /// Its id.
    fn id(&self) -> Uuid;

    /// When it was last changed.
    fn updated_at(&self) -> DateTime<Utc>;

    /// Whether it is deleted.
    fn is_deleted(&self) -> bool;

    /// The records that clients have it name, each beside the field that has its id: what it hangs on, and what its foreign
    /// keys point at that is deleted softly.
    fn named(&self) -> Vec<(&'static str, Record)> {
        Vec::new()
    }

    /// The one of this id, not deleted.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    fn find(id: Uuid, conn: &TenantConn) -> impl Future<Output = QueryResult<Self>>;

    /// The one of this id, deleted or not, with the row locked until the transaction ends.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    fn lock(id: Uuid, conn: &TenantConn) -> impl Future<Output = QueryResult<Self>>;

    /// At most `limit` rows after the first `offset`, compared by `orders` and at last by id.
    fn list(
        filter: &Self::Filter,
        orders: &[Order<Self::SortKey>],
        limit: i64,
        offset: i64,
        conn: &TenantConn,
    ) -> impl Future<Output = QueryResult<Vec<Self>>>;

    /// How many rows pass the filter.
    fn count(filter: &Self::Filter, conn: &TenantConn) -> impl Future<Output = QueryResult<i64>>;

    /// Adds one of this id, by `author`.
    ///
    /// # Errors
    /// A violation of a constraint of [`Self::BLAMES`].
    fn insert(
        id: Uuid,
        new: &Self::New,
        author: Uuid,
        conn: &TenantConn,
    ) -> impl Future<Output = QueryResult<Self>>;

    /// Changes it. Gives it as it is then.
    ///
    /// # Errors
    /// As [`Self::insert`].
    fn change(
        &self,
        changes: &Self::Changes,
        conn: &TenantConn,
    ) -> impl Future<Output = QueryResult<Self>>;

    /// Deletes it softly, or undoes that. Gives it as it is then.
    ///
    /// # Errors
    /// As [`Self::insert`], where another one has taken its place meanwhile.
    fn set_deleted(
        &self,
        is_deleted: bool,
        conn: &TenantConn,
    ) -> impl Future<Output = QueryResult<Self>>;
}

/// What is done to a resource, each by the name `<resource>.<action>` that permissions and the audit log know. Who may delete
/// may restore as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is what its name says")]
pub struct Actions {
    pub read: &'static str,
    pub create: &'static str,
    pub update: &'static str,
    pub delete: &'static str,
    pub restore: &'static str,
}

/// One key of an order, and its direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order<K> {
    /// What to compare by.
    pub key: K,
    /// Greatest first.
    pub descending: bool,
}

impl<K> Order<K> {
    /// Smallest first.
    pub const fn ascending(key: K) -> Self {
        Self {
            key,
            descending: false,
        }
    }

    /// Greatest first.
    pub const fn descending(key: K) -> Self {
        Self {
            key,
            descending: true,
        }
    }
}

/// The field that a violated constraint is about, and what to tell of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is what its name says")]
pub struct Blame {
    pub constraint: &'static str,
    pub field: &'static str,
    pub message: &'static str,
}
