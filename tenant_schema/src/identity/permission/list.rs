//! The list of permissions: filters, order and pages.

use connection::TenantConn;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{Permission, permissions};
use crate::resource::{Order, containing};

/// Which permissions a list holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PermissionFilter {
    /// Part of the name or the description, in any case.
    pub search: Option<String>,
    /// Permissions for this resource.
    pub resource: Option<String>,
}

/// What permissions are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PermissionSortKey {
    /// Name.
    Name,
    /// The part after the dot.
    Action,
}

type Filtered<'a> = permissions::BoxedQuery<'a, Pg>;

impl PermissionFilter {
    fn apply(&self) -> Filtered<'_> {
        let mut query = permissions::table.into_boxed();
        if let Some(resource) = &self.resource {
            query = query.filter(permissions::resource.eq(resource));
        }
        if let Some(part) = &self.search {
            let pattern = containing(part);
            let by_name = permissions::name.ilike(pattern.clone());
            // A description that is NULL makes its condition NULL, which matches nothing by itself.
            let by_description = permissions::description.ilike(pattern);
            query = query.filter(by_name.nullable().or(by_description));
        }
        query
    }
}

impl Order<PermissionSortKey> {
    fn apply(self, query: Filtered<'_>) -> Filtered<'_> {
        match (self.key, self.descending) {
            (PermissionSortKey::Name, false) => query.then_order_by(permissions::name.asc()),
            (PermissionSortKey::Name, true) => query.then_order_by(permissions::name.desc()),
            (PermissionSortKey::Action, false) => query.then_order_by(permissions::action.asc()),
            (PermissionSortKey::Action, true) => query.then_order_by(permissions::action.desc()),
        }
    }
}

impl Permission {
    /// At most `limit` permissions after the first `offset`, compared by `orders` and at last by id.
    pub async fn list(
        filter: &PermissionFilter,
        orders: &[Order<PermissionSortKey>],
        limit: i64,
        offset: i64,
        mut conn: &TenantConn,
    ) -> QueryResult<Vec<Self>> {
        let sorted = orders
            .iter()
            .fold(filter.apply(), |query, order| order.apply(query));
        sorted
            .then_order_by(permissions::id.asc())
            .select(Self::as_select())
            .limit(limit)
            .offset(offset)
            .load(&mut conn)
            .await
    }

    /// How many permissions pass the filter.
    pub async fn count(filter: &PermissionFilter, mut conn: &TenantConn) -> QueryResult<i64> {
        filter.apply().count().get_result(&mut conn).await
    }
}
