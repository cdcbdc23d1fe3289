//! Roles: named sets of permissions.

mod life;
mod list;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use connection::TenantConn;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

pub use self::life::GrantingRole;
pub use self::list::{RoleFilter, RoleSortKey};
use super::user_role::user_roles;
use crate::TenantModel;

/// A named set of permissions that users are given.
#[derive(Debug, Clone, Queryable, Selectable, Identifiable, TenantModel)]
#[diesel(table_name = roles, check_for_backend(diesel::pg::Pg))]
#[model(unique("lower(name)", where = "deleted_at is null"))]
pub struct Role {
    /// UUID v7, made by the server.
    pub id: Uuid,
    /// Name of the role, unique regardless of case among roles not deleted.
    #[column(check = "char_length(name) between 1 and 64")]
    pub name: String,
    /// What the role is for.
    pub description: Option<String>,
    /// Rank among roles; a higher one stands above.
    #[column(default = "0")]
    pub priority: i32,
    /// Whether the role came with the tenant and stays.
    #[column(default = "false")]
    pub is_system: bool,
    /// When those who have the role work; none for at any time.
    #[column(check = "jsonb_typeof(working_hours) = 'object'")]
    pub working_hours: Option<Value>,
    /// When the role was made.
    #[column(default = "now()")]
    pub created_at: DateTime<Utc>,
    /// When the role was last changed.
    #[column(default = "now()")]
    pub updated_at: DateTime<Utc>,
    /// When the role was deleted, if so.
    pub deleted_at: Option<DateTime<Utc>>,
}

/// A role to be added.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = roles, check_for_backend(diesel::pg::Pg))]
pub struct NewRole {
    /// See [`Role::id`].
    pub id: Uuid,
    /// See [`Role::name`].
    pub name: String,
    /// See [`Role::description`].
    pub description: Option<String>,
    /// See [`Role::priority`].
    pub priority: i32,
    /// See [`Role::is_system`].
    pub is_system: bool,
    /// See [`Role::working_hours`].
    pub working_hours: Option<Value>,
}

/// Changes to a role: `None` leaves a column as it is, `Some(None)` empties it.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = roles, check_for_backend(diesel::pg::Pg))]
pub struct RoleChanges {
    /// See [`Role::name`].
    pub name: Option<String>,
    /// See [`Role::description`].
    pub description: Option<Option<String>>,
    /// See [`Role::priority`].
    pub priority: Option<i32>,
    /// See [`Role::working_hours`].
    pub working_hours: Option<Option<Value>>,
}

impl NewRole {
    /// Adds the role.
    ///
    /// # Errors
    /// A unique violation of `roles_name_key` where the tenant has a role of this name.
    pub async fn insert(&self, mut conn: &TenantConn) -> QueryResult<Role> {
        diesel::insert_into(roles::table)
            .values(self)
            .returning(Role::as_returning())
            .get_result(&mut conn)
            .await
    }
}

impl Role {
    /// The role of this name in any case, not deleted.
    pub async fn find_by_name(name: &str, mut conn: &TenantConn) -> QueryResult<Option<Self>> {
        roles::table
            .filter(crate::resource::lower(roles::name).eq(crate::resource::lower(name)))
            .filter(roles::deleted_at.is_null())
            .select(Self::as_select())
            .first(&mut conn)
            .await
            .optional()
    }

    /// The names of a user's roles, the highest first.
    pub async fn names_of(user_id: Uuid, mut conn: &TenantConn) -> QueryResult<Vec<String>> {
        Self::names_query(user_id).load(&mut conn).await
    }

    /// The names of a user's roles with their priorities, the highest first.
    pub async fn ranked_names_of(
        user_id: Uuid,
        mut conn: &TenantConn,
    ) -> QueryResult<Vec<(String, i32)>> {
        user_roles::table
            .inner_join(roles::table)
            .filter(user_roles::user_id.eq(user_id))
            .filter(roles::deleted_at.is_null())
            .order((roles::priority.desc(), roles::name))
            .select((roles::name, roles::priority))
            .load(&mut conn)
            .await
    }

    /// Selects the names of a user's roles, the highest first.
    #[diesel::dsl::auto_type(no_type_alias)]
    pub(super) fn names_query(user_id: Uuid) -> _ {
        user_roles::table
            .inner_join(roles::table)
            .filter(user_roles::user_id.eq(user_id))
            .filter(roles::deleted_at.is_null())
            .order((roles::priority.desc(), roles::name))
            .select(roles::name)
    }

    /// The roles of these names, not deleted.
    pub async fn find_by_names(names: &[String], mut conn: &TenantConn) -> QueryResult<Vec<Self>> {
        roles::table
            .filter(roles::name.eq_any(names))
            .filter(roles::deleted_at.is_null())
            .order((roles::priority.desc(), roles::name))
            .select(Self::as_select())
            .load(&mut conn)
            .await
    }

    /// The names of the roles of several users, the highest first. A user without roles is left out.
    pub async fn names_by_user(
        user_ids: &[Uuid],
        mut conn: &TenantConn,
    ) -> QueryResult<HashMap<Uuid, Vec<String>>> {
        let rows: Vec<(Uuid, String)> = user_roles::table
            .inner_join(roles::table)
            .filter(user_roles::user_id.eq_any(user_ids))
            .filter(roles::deleted_at.is_null())
            .order((roles::priority.desc(), roles::name))
            .select((user_roles::user_id, roles::name))
            .load(&mut conn)
            .await?;
        let mut names: HashMap<Uuid, Vec<String>> = HashMap::new();
        for (user_id, name) in rows {
            names.entry(user_id).or_default().push(name);
        }
        Ok(names)
    }
}
