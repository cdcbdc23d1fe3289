//! The list of permissions: filters, order and pages.

use diesel::pg::Pg;
use diesel::prelude::*;

use super::{Permission, permissions};
use crate::resource::containing;
use crate::sorted_list::sorted_list;

/// Which permissions a list holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PermissionFilter {
    /// Part of the name or the description, in any case.
    pub search: Option<String>,
    /// Permissions for this resource.
    pub resource: Option<String>,
}

sorted_list! {
    Permission of permissions, filtered by PermissionFilter;

    /// What permissions are compared by.
    pub enum PermissionSortKey {
        /// Name.
        Name => permissions::name,
        /// The part after the dot.
        Action => permissions::action,
    }
}

impl PermissionFilter {
    fn apply(&self) -> permissions::BoxedQuery<'_, Pg> {
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
