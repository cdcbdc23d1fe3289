//! What every tenant starts with: the permissions, the roles that grant them, and the default settings.

mod permissions;
mod roles;
mod settings;

use std::collections::HashMap;

use connection::TenantConn;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::identity::permission;
use crate::identity::role;
use crate::identity::role_permission::{self, RolePermission};
use crate::settings::setting;

/// How many rows were missing, and were added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeedCounts {
    /// Permissions.
    pub permissions: usize,
    /// Roles.
    pub roles: usize,
    /// Grants of a permission to a role.
    pub grants: usize,
    /// Settings.
    pub settings: usize,
}

/// The name of every permission there is, `<resource>.<action>`, without the wildcards over them.
pub fn permission_names() -> impl Iterator<Item = String> {
    permissions::names()
}

/// Adds what a tenant starts with, where it is missing. Nothing is changed or removed; roles are known by name.
///
/// It is several statements, and opens no transaction: the caller's is the one in which a tenant is whole or absent.
pub async fn sow(conn: &mut TenantConn) -> QueryResult<SeedCounts> {
    let counts = SeedCounts {
        permissions: sow_permissions(conn).await?,
        roles: sow_roles(conn).await?,
        grants: sow_grants(conn).await?,
        settings: sow_settings(conn).await?,
    };
    conn.announce_access().await?;
    Ok(counts)
}

async fn sow_permissions(mut conn: &TenantConn) -> QueryResult<usize> {
    diesel::insert_into(permission::permissions::table)
        .values(permissions::all())
        .on_conflict_do_nothing()
        .execute(&mut conn)
        .await
}

async fn sow_roles(mut conn: &TenantConn) -> QueryResult<usize> {
    diesel::insert_into(role::roles::table)
        .values(roles::all())
        .on_conflict_do_nothing()
        .execute(&mut conn)
        .await
}

async fn sow_grants(mut conn: &TenantConn) -> QueryResult<usize> {
    let permission_ids: HashMap<String, Uuid> = permission::permissions::table
        .select((permission::permissions::name, permission::permissions::id))
        .load::<(String, Uuid)>(&mut conn)
        .await?
        .into_iter()
        .collect();
    let role_ids: Vec<(String, Uuid)> = role::roles::table
        .filter(role::roles::deleted_at.is_null())
        .select((role::roles::name, role::roles::id))
        .load(&mut conn)
        .await?;
    let mut grants = Vec::new();
    for (name, role_id) in &role_ids {
        let names = roles::grants_of(name);
        let ids = names.iter().filter_map(|name| permission_ids.get(name));
        grants.extend(ids.map(|permission_id| RolePermission {
            role_id: *role_id,
            permission_id: *permission_id,
        }));
    }
    diesel::insert_into(role_permission::role_permissions::table)
        .values(grants)
        .on_conflict_do_nothing()
        .execute(&mut conn)
        .await
}

async fn sow_settings(mut conn: &TenantConn) -> QueryResult<usize> {
    diesel::insert_into(setting::settings::table)
        .values(settings::all())
        .on_conflict_do_nothing()
        .execute(&mut conn)
        .await
}
