//! The query of `GET tools/attachments`: page, order and filters.

use tenant_schema::record::RecordKind;
use tenant_schema::tools::{AttachmentFilter, AttachmentSortKey};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::error::ApiError;
use crate::resource::{FromQuery, Order, PageRequest, QueryParameters, SortKey};

/// Which attachments to list, and in what order.
#[derive(Debug)]
pub(super) struct AttachmentQuery {
    pub(super) page: PageRequest,
    pub(super) orders: Vec<Order<AttachmentSortKey>>,
    pub(super) filter: AttachmentFilter,
}

/// The parameters as the documentation shows them, beside those of the page.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the documentation reads it")]
pub(super) struct AttachmentParameters {
    /// `name`, `size` or `created_at`, `-` before it for descending, separated by commas.
    sort: Option<String>,
    /// Part of the name or the description.
    q: Option<String>,
    /// Those of records of this kind alone.
    attachable_type: Option<RecordKind>,
    /// Those of the record of this id alone.
    attachable_id: Option<Uuid>,
    /// Deleted ones as well. Takes the permission `attachments.delete`.
    include_deleted: Option<bool>,
}

impl FromQuery for AttachmentQuery {
    fn from_query(query: &mut QueryParameters) -> Result<Self, ApiError> {
        Ok(Self {
            page: query.page()?,
            orders: query.sort()?,
            filter: AttachmentFilter {
                search: query.text("q")?,
                attachable_type: query.parsed("attachable_type")?,
                attachable_id: query.parsed("attachable_id")?,
                include_deleted: query.flag("include_deleted")?,
            },
        })
    }
}

impl SortKey for AttachmentSortKey {
    const KEYS: &'static [(&'static str, Self)] = &[
        ("name", Self::Name),
        ("size", Self::Size),
        ("created_at", Self::CreatedAt),
    ];
    const DEFAULT: &'static [Order<Self>] = &[Order::descending(Self::CreatedAt)];
}
