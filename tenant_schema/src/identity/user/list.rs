//! The list of users: filters, order and pages.

use std::collections::HashMap;

use connection::TenantConn;
use diesel::dsl::exists;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::super::role::roles;
use super::super::user_role::user_roles;
use super::{User, users};
use crate::resource::{containing, lower};
use crate::sorted_list::sorted_list;

/// Which users a list holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserFilter {
    /// Part of the e-mail address, the user name or a name, in any case.
    pub search: Option<String>,
    /// Users with the role of this name.
    pub role: Option<String>,
    /// Users who may sign in, or may not.
    pub is_active: Option<bool>,
    /// Deleted users as well.
    pub include_deleted: bool,
}

sorted_list! {
    User of users, filtered by UserFilter;

    /// What users are compared by.
    pub enum UserSortKey {
        /// When the user was made.
        CreatedAt => users::created_at,
        /// E-mail address, regardless of case.
        Email => lower(users::email),
        /// User name, regardless of case.
        Username => lower(users::username),
        /// Given name; users without one come last.
        FirstName => users::first_name; nulls_last,
        /// Family name; users without one come last.
        LastName => users::last_name; nulls_last,
    }
}

impl UserFilter {
    fn apply(&self) -> users::BoxedQuery<'_, Pg> {
        let mut query = users::table.into_boxed();
        if !self.include_deleted {
            query = query.filter(users::deleted_at.is_null());
        }
        if let Some(is_active) = self.is_active {
            query = query.filter(users::is_active.eq(is_active));
        }
        if let Some(role) = &self.role {
            let with_role = user_roles::table
                .inner_join(roles::table)
                .filter(user_roles::user_id.eq(users::id))
                .filter(roles::deleted_at.is_null())
                .filter(lower(roles::name).eq(lower(role)));
            query = query.filter(exists(with_role));
        }
        if let Some(part) = &self.search {
            let pattern = containing(part);
            // A name that is NULL makes its condition NULL, which matches nothing by itself.
            let by_key = users::email
                .ilike(pattern.clone())
                .or(users::username.ilike(pattern.clone()));
            let by_name = users::first_name
                .ilike(pattern.clone())
                .or(users::last_name.ilike(pattern));
            query = query.filter(by_key.nullable().or(by_name));
        }
        query
    }
}

impl User {
    /// What the users of these ids are called, deleted ones included.
    pub async fn display_names(
        ids: &[Uuid],
        mut conn: &TenantConn,
    ) -> QueryResult<HashMap<Uuid, String>> {
        let found: Vec<Self> = users::table
            .filter(users::id.eq_any(ids))
            .select(Self::as_select())
            .load(&mut conn)
            .await?;
        let names = found.iter().map(|user| (user.id, user.display_name()));
        Ok(names.collect())
    }
}

#[cfg(test)]
mod tests {
    use diesel::debug_query;

    use super::*;

    #[test]
    fn wildcards_in_a_search_are_taken_literally() {
        assert_eq!(containing(r"50%_\"), r"%50\%\_\\%");
    }

    #[test]
    fn deleted_users_are_left_out_unless_asked_for() {
        let sql = |filter: UserFilter| debug_query::<Pg, _>(&filter.apply()).to_string();
        assert!(sql(UserFilter::default()).contains(r#""deleted_at" IS NULL"#));
        let all = UserFilter {
            include_deleted: true,
            ..UserFilter::default()
        };
        assert!(!sql(all).contains("IS NULL"));
    }
}
