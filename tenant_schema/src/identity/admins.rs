//! Admins of a tenant: users by whom it can be run, of whom there is always one.

use connection::TenantConn;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::role::roles;
use super::user::users;
use super::user_permission::{Effect, user_permissions};
use super::user_role::user_roles;
use crate::clock::clock_timestamp;

/// The name of the role, which comes with every tenant and stays.
pub const ADMIN: &str = "admin";

/// How many admins a tenant has: users with the role who are active and not deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admins {
    all: usize,
    /// Those of them to whom nothing is denied.
    unimpaired: usize,
}

impl Admins {
    /// Counts the admins, and lets nobody else take one away until the transaction ends: whoever could, asks here first.
    ///
    /// Whatever changes roles of users, denials, or whether users may sign in, begins with it, before any other row is
    /// locked. So two who would each leave the tenant to the other come one after the other.
    pub async fn lock(mut conn: &TenantConn) -> QueryResult<Self> {
        roles::table
            .filter(roles::name.eq(ADMIN))
            .filter(roles::is_system)
            .select(roles::id)
            .order(roles::id)
            .for_no_key_update()
            .load::<Uuid>(&mut conn)
            .await?;
        Self::count(conn).await
    }

    /// Whether what the transaction did since leaves the tenant an admin, and one to whom nothing is denied, if it had one.
    pub async fn remain(self, conn: &TenantConn) -> QueryResult<bool> {
        let now = Self::count(conn).await?;
        let is_left = |before: usize, now: usize| before == 0 || now > 0;
        Ok(is_left(self.all, now.all) && is_left(self.unimpaired, now.unimpaired))
    }

    async fn count(mut conn: &TenantConn) -> QueryResult<Self> {
        let lasts = user_permissions::valid_until
            .is_null()
            .or(user_permissions::valid_until.gt(clock_timestamp().nullable()));
        let denials = user_permissions::table
            .filter(user_permissions::user_id.eq(users::id))
            .filter(user_permissions::effect.eq(Effect::Deny))
            .filter(lasts);
        let are_impaired: Vec<bool> = users::table
            .inner_join(user_roles::table.inner_join(roles::table))
            .filter(users::is_active)
            .filter(users::deleted_at.is_null())
            .filter(roles::name.eq(ADMIN))
            .filter(roles::is_system)
            .filter(roles::deleted_at.is_null())
            .select(exists(denials))
            .order(users::id)
            .load(&mut conn)
            .await?;
        let unimpaired = are_impaired.iter().filter(|impaired| !**impaired).count();
        Ok(Self {
            all: are_impaired.len(),
            unimpaired,
        })
    }
}
