//! Which permissions a role grants.

use std::collections::HashMap;

use connection::TenantConn;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::permission::permissions;
use super::role::roles;
use crate::TenantModel;

/// A permission that a role grants. It is also what is inserted.
#[derive(Debug, Clone, Queryable, Selectable, Identifiable, Insertable, TenantModel)]
#[diesel(table_name = role_permissions, primary_key(role_id, permission_id))]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct RolePermission {
    /// The role.
    #[column(references = "roles(id) on delete cascade")]
    pub role_id: Uuid,
    /// What it grants.
    #[column(references = "permissions(id) on delete cascade")]
    pub permission_id: Uuid,
}

impl RolePermission {
    /// The names of what several roles grant, in order. A role that grants nothing is left out.
    pub async fn names_by_role(
        role_ids: &[Uuid],
        mut conn: &TenantConn,
    ) -> QueryResult<HashMap<Uuid, Vec<String>>> {
        let rows: Vec<(Uuid, String)> = role_permissions::table
            .inner_join(permissions::table)
            .filter(role_permissions::role_id.eq_any(role_ids))
            .order(permissions::name)
            .select((role_permissions::role_id, permissions::name))
            .load(&mut conn)
            .await?;
        let mut names: HashMap<Uuid, Vec<String>> = HashMap::new();
        for (role_id, name) in rows {
            names.entry(role_id).or_default().push(name);
        }
        Ok(names)
    }

    /// Lets the role grant these permissions and no other. Belongs into a transaction, which announces it.
    pub async fn replace(
        role_id: Uuid,
        permission_ids: &[Uuid],
        mut conn: &TenantConn,
    ) -> QueryResult<()> {
        let other = role_permissions::table
            .filter(role_permissions::role_id.eq(role_id))
            .filter(role_permissions::permission_id.ne_all(permission_ids));
        diesel::delete(other).execute(&mut conn).await?;
        if permission_ids.is_empty() {
            return Ok(());
        }
        let grants = permission_ids.iter().map(|permission_id| Self {
            role_id,
            permission_id: *permission_id,
        });
        diesel::insert_into(role_permissions::table)
            .values(grants.collect::<Vec<_>>())
            .on_conflict_do_nothing()
            .execute(&mut conn)
            .await?;
        Ok(())
    }
}
