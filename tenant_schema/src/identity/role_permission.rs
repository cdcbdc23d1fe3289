//! Which permissions a role grants.

use diesel::prelude::*;
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
