//! The query of `GET teams`: page, order and filters.

use tenant_schema::identity::{TeamFilter, TeamSortKey};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::error::ApiError;
use crate::resource::{FromQuery, Order, PageRequest, QueryParameters, SortKey};

/// Which teams to list, and in what order.
#[derive(Debug)]
pub(super) struct TeamQuery {
    pub(super) page: PageRequest,
    pub(super) orders: Vec<Order<TeamSortKey>>,
    pub(super) filter: TeamFilter,
}

/// The parameters as the documentation shows them, beside those of the page.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the documentation reads it")]
pub(super) struct TeamParameters {
    /// `name` or `created_at`, `-` before it for descending, separated by commas.
    sort: Option<String>,
    /// Part of the name or the description.
    q: Option<String>,
    /// Teams that this user belongs to alone.
    user_id: Option<Uuid>,
    /// Deleted teams as well. Takes the permission `teams.delete`.
    include_deleted: Option<bool>,
}

impl FromQuery for TeamQuery {
    fn from_query(query: &mut QueryParameters) -> Result<Self, ApiError> {
        Ok(Self {
            page: query.page()?,
            orders: query.sort()?,
            filter: TeamFilter {
                search: query.text("q")?,
                user_id: query.parsed("user_id")?,
                include_deleted: query.flag("include_deleted")?,
            },
        })
    }
}

impl SortKey for TeamSortKey {
    const KEYS: &'static [(&'static str, Self)] =
        &[("name", Self::Name), ("created_at", Self::CreatedAt)];
    const DEFAULT: &'static [Order<Self>] = &[Order::ascending(Self::Name)];
}
