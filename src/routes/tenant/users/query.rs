//! The query of `GET users`: page, order and filters.

use tenant_schema::identity::{UserFilter, UserSortKey};
use utoipa::IntoParams;

use crate::error::ApiError;
use crate::resource::{FromQuery, Order, PageRequest, QueryParameters, SortKey};

/// Which users to list, and in what order.
#[derive(Debug)]
pub(super) struct UserQuery {
    pub(super) page: PageRequest,
    pub(super) orders: Vec<Order<UserSortKey>>,
    pub(super) filter: UserFilter,
}

/// The parameters as the documentation shows them, beside those of the page.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the documentation reads it")]
pub(super) struct UserParameters {
    /// `created_at`, `email`, `username`, `first_name` or `last_name`, `-` before it for descending, separated by commas.
    sort: Option<String>,
    /// Part of the e-mail address, the user name or a name.
    q: Option<String>,
    /// Users with this role alone.
    role: Option<String>,
    /// Users who may log in, or may not.
    is_active: Option<bool>,
    /// Deleted users as well. Takes the permission `users.restore`.
    include_deleted: Option<bool>,
}

impl FromQuery for UserQuery {
    fn from_query(query: &mut QueryParameters) -> Result<Self, ApiError> {
        Ok(Self {
            page: query.page()?,
            orders: query.sort()?,
            filter: UserFilter {
                search: query.text("q")?,
                role: query.text("role")?,
                is_active: query.parsed("is_active")?,
                include_deleted: query.flag("include_deleted")?,
            },
        })
    }
}

impl SortKey for UserSortKey {
    const KEYS: &'static [(&'static str, Self)] = &[
        ("created_at", Self::CreatedAt),
        ("email", Self::Email),
        ("username", Self::Username),
        ("first_name", Self::FirstName),
        ("last_name", Self::LastName),
    ];
    const DEFAULT: &'static [Order<Self>] = &[Order::ascending(Self::CreatedAt)];
}

/// How a table is imported.
#[derive(Debug)]
pub(super) struct ImportQuery {
    /// Whether nothing is to be added.
    pub(super) dry_run: bool,
}

impl FromQuery for ImportQuery {
    fn from_query(query: &mut QueryParameters) -> Result<Self, ApiError> {
        Ok(Self {
            dry_run: query.flag("dry_run")?,
        })
    }
}
