//! Permissions: what can be allowed.

mod list;

use std::collections::HashMap;

use connection::TenantConn;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

pub use self::list::{PermissionFilter, PermissionSortKey};
use crate::TenantModel;

/// Something that a role or user can be granted or denied: `users.read`, every action on a resource as `users.*`, or all as `*`.
#[derive(Debug, Clone, Queryable, Selectable, Identifiable, TenantModel)]
#[diesel(table_name = permissions, check_for_backend(diesel::pg::Pg))]
pub struct Permission {
    /// UUID v7, made by the server.
    pub id: Uuid,
    /// `<resource>.<action>`.
    #[column(unique, check = "char_length(name) between 1 and 128")]
    pub name: String,
    /// The part before the dot; `*` for all.
    pub resource: String,
    /// The part after the dot; `*` for all.
    pub action: String,
    /// What it allows, for people.
    pub description: Option<String>,
}

/// A permission to be added.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = permissions, check_for_backend(diesel::pg::Pg))]
pub struct NewPermission {
    /// See [`Permission::id`].
    pub id: Uuid,
    /// See [`Permission::name`].
    pub name: String,
    /// See [`Permission::resource`].
    pub resource: String,
    /// See [`Permission::action`].
    pub action: String,
    /// See [`Permission::description`].
    pub description: Option<String>,
}

impl Permission {
    /// The ids of the permissions of these names, by name. A name that there is not is left out.
    pub async fn ids_by_name(
        names: &[String],
        mut conn: &TenantConn,
    ) -> QueryResult<HashMap<String, Uuid>> {
        let rows: Vec<(String, Uuid)> = permissions::table
            .filter(permissions::name.eq_any(names))
            .select((permissions::name, permissions::id))
            .order(permissions::name)
            .load(&mut conn)
            .await?;
        Ok(rows.into_iter().collect())
    }
}
