//! The query of `GET roles`: page, order and filters.

use tenant_schema::identity::{RoleFilter, RoleSortKey};
use utoipa::IntoParams;

use crate::error::ApiError;
use crate::resource::{FromQuery, Order, PageRequest, QueryParameters, SortKey};

/// Which roles to list, and in what order.
#[derive(Debug)]
pub(super) struct RoleQuery {
    pub(super) page: PageRequest,
    pub(super) orders: Vec<Order<RoleSortKey>>,
    pub(super) filter: RoleFilter,
}

/// The parameters as the documentation shows them, beside those of the page.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the documentation reads it")]
pub(super) struct RoleParameters {
    /// `priority`, `name` or `created_at`, `-` before it for descending, separated by commas.
    sort: Option<String>,
    /// Part of the name or the description.
    q: Option<String>,
    /// Roles that came with the tenant, or the tenant's own.
    is_system: Option<bool>,
    /// Deleted roles as well. Takes the permission `roles.delete`.
    include_deleted: Option<bool>,
}

impl FromQuery for RoleQuery {
    fn from_query(query: &mut QueryParameters) -> Result<Self, ApiError> {
        Ok(Self {
            page: query.page()?,
            orders: query.sort()?,
            filter: RoleFilter {
                search: query.text("q")?,
                is_system: query.parsed("is_system")?,
                include_deleted: query.flag("include_deleted")?,
            },
        })
    }
}

impl SortKey for RoleSortKey {
    const KEYS: &'static [(&'static str, Self)] = &[
        ("priority", Self::Priority),
        ("name", Self::Name),
        ("created_at", Self::CreatedAt),
    ];
    const DEFAULT: &'static [Order<Self>] = &[
        Order::descending(Self::Priority),
        Order::ascending(Self::Name),
    ];
}
