//! The life of a system user: logged in, changed, given a new password, deleted. What writes more than once belongs into a
//! transaction.
//!
//! One active super admin is always left: what takes that away locks all of them first, so that two who take it from each
//! other come one after the other.

use diesel::dsl::now;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{SystemUser, SystemUserRole, system_users};
use crate::clock::clock_timestamp;
use crate::{PlatformConn, PlatformSession};

/// What is to be changed of a system user; nothing stays as it is.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = system_users, check_for_backend(diesel::pg::Pg))]
pub struct SystemUserChanges {
    /// The address to log in with, already checked.
    pub email: Option<String>,
    /// What the system user may do.
    pub role: Option<SystemUserRole>,
    /// Whether the system user may log in.
    pub is_active: Option<bool>,
}

/// Why a system user is not changed.
#[derive(Debug, thiserror::Error)]
pub enum SystemUserError {
    /// Nobody would be left who may let others in.
    #[error("the last active super admin cannot be deleted, disabled or given another role")]
    LastSuperAdmin,
    /// What the database says.
    #[error(transparent)]
    Query(#[from] diesel::result::Error),
}

impl SystemUser {
    /// Records a login, and the new hash when the password was hashed anew for it.
    ///
    /// # Errors
    /// `NotFound` when the system user is gone, may not log in any more, or has another password by now.
    pub async fn record_login(
        &self,
        new_password_hash: Option<&str>,
        mut conn: &PlatformConn,
    ) -> QueryResult<()> {
        let changes = (
            system_users::last_login_at.eq(now),
            new_password_hash.map(|hash| system_users::password_hash.eq(hash)),
        );
        diesel::update(system_users::table.find(self.id))
            .filter(system_users::is_active)
            .filter(system_users::password_hash.eq(&self.password_hash))
            .set(changes)
            .returning(system_users::id)
            .get_result::<Uuid>(&mut conn)
            .await
            .map(drop)
    }

    /// Changes a system user whom `precondition` accepts. Gives them before and after. One who is disabled loses their
    /// sessions, for the `reason` given. Belongs into a transaction.
    ///
    /// # Errors
    /// `NotFound`, `LastSuperAdmin`, what the precondition says, or a violation of `system_users_email_key`.
    pub async fn change<E: From<SystemUserError>>(
        id: Uuid,
        precondition: impl Fn(&Self) -> Result<(), E>,
        changes: &SystemUserChanges,
        reason: &str,
        mut conn: &PlatformConn,
    ) -> Result<(Self, Self), E> {
        let before = Self::lock(id, conn).await.map_err(SystemUserError::from)?;
        precondition(&before)?;
        let after: Self = diesel::update(system_users::table.find(id))
            .set((changes, system_users::updated_at.eq(clock_timestamp())))
            .returning(Self::as_returning())
            .get_result(&mut conn)
            .await
            .map_err(SystemUserError::from)?;
        Self::require_super_admin(conn).await?;
        if before.is_active && !after.is_active {
            let ended = PlatformSession::end_all_of(id, None, reason, conn).await;
            ended.map_err(SystemUserError::from)?;
        }
        Ok((before, after))
    }

    /// Deletes a system user whom `precondition` accepts, and gives them. Belongs into a transaction.
    ///
    /// # Errors
    /// `NotFound`, `LastSuperAdmin`, or what the precondition says.
    pub async fn delete<E: From<SystemUserError>>(
        id: Uuid,
        precondition: impl Fn(&Self) -> Result<(), E>,
        mut conn: &PlatformConn,
    ) -> Result<Self, E> {
        let before = Self::lock(id, conn).await.map_err(SystemUserError::from)?;
        precondition(&before)?;
        diesel::delete(system_users::table.find(id))
            .execute(&mut conn)
            .await
            .map_err(SystemUserError::from)?;
        Self::require_super_admin(conn).await?;
        Ok(before)
    }

    /// Sets the password of a system user who has the one of this row, and ends all their sessions but the one in which they
    /// change it, for the `reason` given. Belongs into a transaction.
    ///
    /// # Errors
    /// `NotFound` when the user is gone, or the password was changed in the meantime.
    pub async fn change_password(
        &self,
        new_password_hash: &str,
        session_id: Uuid,
        reason: &str,
        mut conn: &PlatformConn,
    ) -> QueryResult<Self> {
        let after = diesel::update(system_users::table.find(self.id))
            .filter(system_users::password_hash.eq(&self.password_hash))
            .set((
                system_users::password_hash.eq(new_password_hash),
                system_users::updated_at.eq(clock_timestamp()),
            ))
            .returning(Self::as_returning())
            .get_result(&mut conn)
            .await?;
        PlatformSession::end_all_of(self.id, Some(session_id), reason, conn).await?;
        Ok(after)
    }

    /// The system user of this id, with the row locked until the transaction ends, after those of all super admins, who are
    /// locked in one order.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn lock(id: Uuid, mut conn: &PlatformConn) -> QueryResult<Self> {
        system_users::table
            .filter(system_users::role.eq(SystemUserRole::SuperAdmin))
            .filter(system_users::is_active)
            .order(system_users::id)
            .select(system_users::id)
            .for_no_key_update()
            .load::<Uuid>(&mut conn)
            .await?;
        system_users::table
            .find(id)
            .select(Self::as_select())
            .for_no_key_update()
            .first(&mut conn)
            .await
    }

    async fn require_super_admin(mut conn: &PlatformConn) -> Result<(), SystemUserError> {
        let left = system_users::table
            .filter(system_users::role.eq(SystemUserRole::SuperAdmin))
            .filter(system_users::is_active)
            .count()
            .get_result::<i64>(&mut conn)
            .await?;
        if left == 0 {
            return Err(SystemUserError::LastSuperAdmin);
        }
        Ok(())
    }
}
