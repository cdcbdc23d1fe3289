//! The list of attachments: filters, order and pages.

use connection::TenantConn;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{Attachment, attachments};

use crate::record::RecordKind;
use crate::resource::{Order, containing, lower};

/// Which attachments a list holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AttachmentFilter {
    /// Part of the name or the description, in any case.
    pub search: Option<String>,
    /// Those of records of this kind.
    pub attachable_type: Option<RecordKind>,
    /// Those of the record of this id.
    pub attachable_id: Option<Uuid>,
    /// Deleted ones as well.
    pub include_deleted: bool,
}

/// What attachments are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttachmentSortKey {
    /// Name, regardless of case.
    Name,
    /// Bytes of the newest version.
    Size,
    /// When it was attached.
    CreatedAt,
}

type Filtered<'a> = attachments::BoxedQuery<'a, Pg>;

impl AttachmentFilter {
    fn apply(&self) -> Filtered<'_> {
        let mut query = attachments::table.into_boxed();
        if !self.include_deleted {
            query = query.filter(attachments::deleted_at.is_null());
        }
        if let Some(kind) = self.attachable_type {
            query = query.filter(attachments::attachable_type.eq(kind));
        }
        if let Some(id) = self.attachable_id {
            query = query.filter(attachments::attachable_id.eq(id));
        }
        if let Some(part) = &self.search {
            let pattern = containing(part);
            let by_name = attachments::name.ilike(pattern.clone());
            // A description that is NULL makes its condition NULL, which matches nothing by itself.
            let anywhere = by_name
                .nullable()
                .or(attachments::description.ilike(pattern));
            query = query.filter(anywhere);
        }
        query
    }
}

impl Order<AttachmentSortKey> {
    fn apply(self, query: Filtered<'_>) -> Filtered<'_> {
        use AttachmentSortKey::{CreatedAt, Name, Size};
        match (self.key, self.descending) {
            (Name, false) => query.then_order_by(lower(attachments::name).asc()),
            (Name, true) => query.then_order_by(lower(attachments::name).desc()),
            (Size, false) => query.then_order_by(attachments::size.asc()),
            (Size, true) => query.then_order_by(attachments::size.desc()),
            (CreatedAt, false) => query.then_order_by(attachments::created_at.asc()),
            (CreatedAt, true) => query.then_order_by(attachments::created_at.desc()),
        }
    }
}

impl Attachment {
    /// At most `limit` attachments after the first `offset`, compared by `orders` and at last by id.
    pub async fn list(
        filter: &AttachmentFilter,
        orders: &[Order<AttachmentSortKey>],
        limit: i64,
        offset: i64,
        mut conn: &TenantConn,
    ) -> QueryResult<Vec<Self>> {
        let sorted = orders
            .iter()
            .fold(filter.apply(), |query, order| order.apply(query));
        sorted
            .then_order_by(attachments::id.asc())
            .select(Self::as_select())
            .limit(limit)
            .offset(offset)
            .load(&mut conn)
            .await
    }

    /// How many attachments pass the filter.
    pub async fn count(filter: &AttachmentFilter, mut conn: &TenantConn) -> QueryResult<i64> {
        filter.apply().count().get_result(&mut conn).await
    }
}
