//! The list of attachments: filters, order and pages.

use diesel::pg::Pg;
use diesel::prelude::*;
use uuid::Uuid;

use super::{Attachment, attachments};

use crate::record::RecordKind;
use crate::resource::{containing, lower};
use crate::sorted_list::sorted_list;

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

sorted_list! {
    Attachment of attachments, filtered by AttachmentFilter;

    /// What attachments are compared by.
    pub enum AttachmentSortKey {
        /// Name, regardless of case.
        Name => lower(attachments::name),
        /// Bytes of the newest version.
        Size => attachments::size,
        /// When it was attached.
        CreatedAt => attachments::created_at,
    }
}

impl AttachmentFilter {
    fn apply(&self) -> attachments::BoxedQuery<'_, Pg> {
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
