//! Which roles a user has.

use chrono::{DateTime, Utc};
use connection::TenantConn;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::role::roles;
use super::user::users;
use crate::TenantModel;

/// A role that a user has.
#[derive(Debug, Clone, Queryable, Selectable, Identifiable, TenantModel)]
#[diesel(table_name = user_roles, primary_key(user_id, role_id))]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct UserRole {
    /// The user.
    #[column(references = "users(id) on delete cascade")]
    pub user_id: Uuid,
    /// The role.
    #[column(references = "roles(id) on delete cascade")]
    pub role_id: Uuid,
    /// When it was given.
    #[column(default = "now()")]
    pub created_at: DateTime<Utc>,
}

impl UserRole {
    /// Gives the role to the user, who may have it already.
    ///
    /// # Errors
    /// A foreign key violation where there is no such user or role.
    pub async fn assign(user_id: Uuid, role_id: Uuid, mut conn: &TenantConn) -> QueryResult<()> {
        diesel::insert_into(user_roles::table)
            .values((
                user_roles::user_id.eq(user_id),
                user_roles::role_id.eq(role_id),
            ))
            .on_conflict_do_nothing()
            .execute(&mut conn)
            .await?;
        Ok(())
    }

    /// Gives the user these roles and no other. Belongs into a transaction, which announces it.
    pub async fn replace(
        user_id: Uuid,
        role_ids: &[Uuid],
        mut conn: &TenantConn,
    ) -> QueryResult<()> {
        let others = user_roles::table
            .filter(user_roles::user_id.eq(user_id))
            .filter(user_roles::role_id.ne_all(role_ids));
        diesel::delete(others).execute(&mut conn).await?;
        for role_id in role_ids {
            Self::assign(user_id, *role_id, conn).await?;
        }
        Ok(())
    }
}
