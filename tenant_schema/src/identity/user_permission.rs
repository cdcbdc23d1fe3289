//! What a user is granted or denied beside their roles.

use chrono::{DateTime, Utc};
use connection::TenantConn;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::permission::permissions;
use crate::{TenantEnum, TenantModel};

/// Whether a permission is given or withheld.
#[derive(Debug, Clone, Copy, PartialEq, Eq, TenantEnum)]
pub enum Effect {
    /// The user may, whatever their roles.
    Grant,
    /// The user may not, whatever else is granted.
    Deny,
}

/// A permission granted or denied to one user.
#[derive(Debug, Clone, Queryable, Selectable, Identifiable, TenantModel)]
#[diesel(table_name = user_permissions, primary_key(user_id, permission_id))]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct UserPermission {
    /// The user.
    #[column(references = "users(id) on delete cascade")]
    pub user_id: Uuid,
    /// The permission.
    #[column(references = "permissions(id) on delete cascade")]
    pub permission_id: Uuid,
    /// Whether it is given or withheld.
    #[column(enum)]
    pub effect: Effect,
    /// When it ends by itself, if so.
    pub valid_until: Option<DateTime<Utc>>,
    /// Who decided it.
    #[column(references = "users(id) on delete set null")]
    pub granted_by: Option<Uuid>,
    /// When it was decided.
    #[column(default = "now()")]
    pub created_at: DateTime<Utc>,
}

/// A grant or denial to be added.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = user_permissions, check_for_backend(diesel::pg::Pg))]
pub struct NewUserPermission {
    /// See [`UserPermission::user_id`].
    pub user_id: Uuid,
    /// See [`UserPermission::permission_id`].
    pub permission_id: Uuid,
    /// See [`UserPermission::effect`].
    pub effect: Effect,
    /// See [`UserPermission::valid_until`].
    pub valid_until: Option<DateTime<Utc>>,
    /// See [`UserPermission::granted_by`].
    pub granted_by: Option<Uuid>,
}

impl UserPermission {
    /// Grants and denies these permissions to the user, and no other. Belongs into a transaction, which announces it.
    pub async fn replace(
        user_id: Uuid,
        rules: &[NewUserPermission],
        mut conn: &TenantConn,
    ) -> QueryResult<()> {
        diesel::delete(user_permissions::table.filter(user_permissions::user_id.eq(user_id)))
            .execute(&mut conn)
            .await?;
        if rules.is_empty() {
            return Ok(());
        }
        diesel::insert_into(user_permissions::table)
            .values(rules)
            .execute(&mut conn)
            .await?;
        Ok(())
    }
}
