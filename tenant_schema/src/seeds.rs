//! What every tenant starts with: the permissions, the roles that grant them, and the default settings.

mod permissions;
mod roles;
mod settings;

use std::collections::{HashMap, HashSet};

use connection::TenantConn;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::identity::admins::ADMIN;
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
/// What a role grants is the tenant's to change: nothing is granted again that was taken from it. Roles and permissions that
/// are new come with their grants, and the admins, without whom nobody could grant anything, always have theirs.
///
/// It is several statements, and opens no transaction: the caller's is the one in which a tenant is whole or absent.
pub async fn sow(conn: &mut TenantConn) -> QueryResult<SeedCounts> {
    let new_permissions = sow_permissions(conn).await?;
    let new_roles = sow_roles(conn).await?;
    let counts = SeedCounts {
        permissions: new_permissions.len(),
        roles: new_roles.len(),
        grants: sow_grants(&new_permissions, &new_roles, conn).await?,
        settings: sow_settings(conn).await?,
    };
    conn.announce_access().await?;
    Ok(counts)
}

async fn sow_permissions(mut conn: &TenantConn) -> QueryResult<HashSet<Uuid>> {
    let new: Vec<Uuid> = diesel::insert_into(permission::permissions::table)
        .values(permissions::all())
        .on_conflict_do_nothing()
        .returning(permission::permissions::id)
        .get_results(&mut conn)
        .await?;
    Ok(new.into_iter().collect())
}

async fn sow_roles(mut conn: &TenantConn) -> QueryResult<HashSet<Uuid>> {
    let new: Vec<Uuid> = diesel::insert_into(role::roles::table)
        .values(roles::all())
        .on_conflict_do_nothing()
        .returning(role::roles::id)
        .get_results(&mut conn)
        .await?;
    Ok(new.into_iter().collect())
}

async fn sow_grants(
    new_permissions: &HashSet<Uuid>,
    new_roles: &HashSet<Uuid>,
    mut conn: &TenantConn,
) -> QueryResult<usize> {
    let permission_ids = permission_ids(conn).await?;
    let role_ids = role_ids(conn).await?;
    // A tenant always grants something: where it does not, the table was lost and made again.
    let grants_nothing = count_grants(conn).await? == 0;
    let mut grants = Vec::new();
    for (name, role_id) in &role_ids {
        let is_given = |permission_id: &Uuid| {
            grants_nothing
                || name == ADMIN
                || new_roles.contains(role_id)
                || new_permissions.contains(permission_id)
        };
        let names = roles::grants_of(name);
        let ids = names.iter().filter_map(|name| permission_ids.get(name));
        grants.extend(ids.copied().filter(is_given).map(|permission_id| {
            let role_id = *role_id;
            RolePermission {
                role_id,
                permission_id,
            }
        }));
    }
    if grants.is_empty() {
        return Ok(0);
    }
    diesel::insert_into(role_permission::role_permissions::table)
        .values(grants)
        .on_conflict_do_nothing()
        .execute(&mut conn)
        .await
}

async fn permission_ids(mut conn: &TenantConn) -> QueryResult<HashMap<String, Uuid>> {
    let ids: Vec<(String, Uuid)> = permission::permissions::table
        .select((permission::permissions::name, permission::permissions::id))
        .load(&mut conn)
        .await?;
    Ok(ids.into_iter().collect())
}

/// The roles that came with the tenant. One of its own that has the name of a new one stays its own.
async fn role_ids(mut conn: &TenantConn) -> QueryResult<Vec<(String, Uuid)>> {
    role::roles::table
        .filter(role::roles::is_system)
        .filter(role::roles::deleted_at.is_null())
        .select((role::roles::name, role::roles::id))
        .load(&mut conn)
        .await
}

async fn count_grants(mut conn: &TenantConn) -> QueryResult<i64> {
    role_permission::role_permissions::table
        .count()
        .get_result(&mut conn)
        .await
}

async fn sow_settings(mut conn: &TenantConn) -> QueryResult<usize> {
    diesel::insert_into(setting::settings::table)
        .values(settings::all())
        .on_conflict_do_nothing()
        .execute(&mut conn)
        .await
}
