//! The list of roles: filters, order and pages.

use connection::TenantConn;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{Role, roles};
use crate::resource::{Order, containing, lower};

/// Which roles a list holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoleFilter {
    /// Part of the name or the description, in any case.
    pub search: Option<String>,
    /// Roles that came with the tenant, or the tenant's own.
    pub is_system: Option<bool>,
    /// Deleted roles as well.
    pub include_deleted: bool,
}

/// What roles are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleSortKey {
    /// Rank.
    Priority,
    /// Name, regardless of case.
    Name,
    /// When the role was made.
    CreatedAt,
}

type Filtered<'a> = roles::BoxedQuery<'a, Pg>;

impl RoleFilter {
    fn apply(&self) -> Filtered<'_> {
        let mut query = roles::table.into_boxed();
        if !self.include_deleted {
            query = query.filter(roles::deleted_at.is_null());
        }
        if let Some(is_system) = self.is_system {
            query = query.filter(roles::is_system.eq(is_system));
        }
        if let Some(part) = &self.search {
            let pattern = containing(part);
            let by_name = roles::name.ilike(pattern.clone());
            // A description that is NULL makes its condition NULL, which matches nothing by itself.
            query = query.filter(by_name.nullable().or(roles::description.ilike(pattern)));
        }
        query
    }
}

impl Order<RoleSortKey> {
    fn apply(self, query: Filtered<'_>) -> Filtered<'_> {
        match (self.key, self.descending) {
            (RoleSortKey::Priority, false) => query.then_order_by(roles::priority.asc()),
            (RoleSortKey::Priority, true) => query.then_order_by(roles::priority.desc()),
            (RoleSortKey::Name, false) => query.then_order_by(lower(roles::name).asc()),
            (RoleSortKey::Name, true) => query.then_order_by(lower(roles::name).desc()),
            (RoleSortKey::CreatedAt, false) => query.then_order_by(roles::created_at.asc()),
            (RoleSortKey::CreatedAt, true) => query.then_order_by(roles::created_at.desc()),
        }
    }
}

impl Role {
    /// At most `limit` roles after the first `offset`, compared by `orders` and at last by id.
    pub async fn list(
        filter: &RoleFilter,
        orders: &[Order<RoleSortKey>],
        limit: i64,
        offset: i64,
        mut conn: &TenantConn,
    ) -> QueryResult<Vec<Self>> {
        let sorted = orders
            .iter()
            .fold(filter.apply(), |query, order| order.apply(query));
        sorted
            .then_order_by(roles::id.asc())
            .select(Self::as_select())
            .limit(limit)
            .offset(offset)
            .load(&mut conn)
            .await
    }

    /// How many roles pass the filter.
    pub async fn count(filter: &RoleFilter, mut conn: &TenantConn) -> QueryResult<i64> {
        filter.apply().count().get_result(&mut conn).await
    }
}
