//! The list of roles: filters, order and pages.

use diesel::pg::Pg;
use diesel::prelude::*;

use super::{Role, roles};
use crate::resource::{containing, lower};
use crate::sorted_list::sorted_list;

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

sorted_list! {
    Role of roles, filtered by RoleFilter;

    /// What roles are compared by.
    pub enum RoleSortKey {
        /// Rank.
        Priority => roles::priority,
        /// Name, regardless of case.
        Name => lower(roles::name),
        /// When the role was made.
        CreatedAt => roles::created_at,
    }
}

impl RoleFilter {
    fn apply(&self) -> roles::BoxedQuery<'_, Pg> {
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
