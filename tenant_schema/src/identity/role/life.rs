//! The life of a role: changed, deleted, restored. All of it belongs into a transaction, which is the caller's: it records
//! the change in the audit log, too.

use connection::TenantConn;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::role_permission::RolePermission;
use super::super::user_role::user_roles;
use super::{NewRole, Role, RoleChanges, roles};
use crate::clock::clock_timestamp;
use crate::settings::Audited;
use crate::soft_deletion::softly_deleted;

/// A role with the names of the permissions that it grants, in order.
#[derive(Debug, Clone)]
pub struct GrantingRole {
    /// The role.
    pub role: Role,
    /// What it grants.
    pub permissions: Vec<String>,
}

impl Audited for GrantingRole {
    const KIND: &'static str = "role";

    fn key(&self) -> String {
        self.role.id.to_string()
    }

    fn snapshot(&self) -> Value {
        let role = &self.role;
        json!({
            "id": role.id,
            "name": role.name,
            "description": role.description,
            "priority": role.priority,
            "is_system": role.is_system,
            "working_hours": role.working_hours,
            "permissions": self.permissions,
            "created_at": role.created_at,
            "updated_at": role.updated_at,
            "deleted_at": role.deleted_at,
        })
    }
}

softly_deleted!(Role of roles);

impl GrantingRole {
    /// The role of this id, not deleted.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn find(id: Uuid, conn: &TenantConn) -> QueryResult<Self> {
        Self::of(Role::find(id, conn).await?, conn).await
    }

    /// The role of this id, deleted or not, with the row locked until the transaction ends.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn lock(id: Uuid, conn: &TenantConn) -> QueryResult<Self> {
        Self::of(Role::lock(id, conn).await?, conn).await
    }

    /// The roles of a user, not deleted, the highest first.
    pub async fn all_of(user_id: Uuid, mut conn: &TenantConn) -> QueryResult<Vec<Self>> {
        let roles = user_roles::table
            .inner_join(roles::table)
            .filter(user_roles::user_id.eq(user_id))
            .filter(roles::deleted_at.is_null())
            .order((roles::priority.desc(), roles::name))
            .select(Role::as_select())
            .load(&mut conn)
            .await?;
        Self::all(roles, conn).await
    }

    /// The roles, in their order, with what they grant.
    pub async fn all(roles: Vec<Role>, conn: &TenantConn) -> QueryResult<Vec<Self>> {
        let ids: Vec<Uuid> = roles.iter().map(|role| role.id).collect();
        let mut permissions = RolePermission::names_by_role(&ids, conn).await?;
        let granting = roles.into_iter().map(|role| Self {
            permissions: permissions.remove(&role.id).unwrap_or_default(),
            role,
        });
        Ok(granting.collect())
    }

    async fn of(role: Role, conn: &TenantConn) -> QueryResult<Self> {
        let mut permissions = RolePermission::names_by_role(&[role.id], conn).await?;
        let permissions = permissions.remove(&role.id).unwrap_or_default();
        Ok(Self { role, permissions })
    }

    /// The roles of these names, not deleted, with what they grant, the highest first. A name that there is not is left out.
    pub async fn named(names: &[String], conn: &TenantConn) -> QueryResult<Vec<Self>> {
        Self::all(Role::find_by_names(names, conn).await?, conn).await
    }

    /// Adds a role that grants these permissions.
    ///
    /// # Errors
    /// A violation of `roles_name_key` where the tenant has a role of this name.
    pub async fn add(
        new: &NewRole,
        permission_ids: &[Uuid],
        conn: &TenantConn,
    ) -> QueryResult<Self> {
        let role = new.insert(conn).await?;
        RolePermission::replace(role.id, permission_ids, conn).await?;
        conn.announce_access().await?;
        Self::of(role, conn).await
    }

    /// Changes the role. Gives it as it is then.
    ///
    /// # Errors
    /// A violation of `roles_name_key`.
    pub async fn change(&self, changes: &RoleChanges, mut conn: &TenantConn) -> QueryResult<Self> {
        let role = diesel::update(roles::table.find(self.role.id))
            .set((changes, roles::updated_at.eq(clock_timestamp())))
            .returning(Role::as_returning())
            .get_result(&mut conn)
            .await?;
        conn.announce_access().await?;
        Self::of(role, conn).await
    }

    /// Deletes the role softly: nobody has it any more until it is restored. Gives it as it is then.
    pub async fn delete(&self, conn: &TenantConn) -> QueryResult<Self> {
        let deleted = self.role.delete(conn).await?;
        conn.announce_access().await?;
        Self::of(deleted, conn).await
    }

    /// Undoes a deletion. Gives the role as it is then.
    ///
    /// # Errors
    /// A violation of `roles_name_key` where another role has taken the name.
    pub async fn restore(&self, conn: &TenantConn) -> QueryResult<Self> {
        let restored = self.role.restore(conn).await?;
        conn.announce_access().await?;
        Self::of(restored, conn).await
    }
}
