//! People who run the platform.

mod life;
mod list;

use std::fmt;

use chrono::{DateTime, Utc};
use diesel::dsl::{exists, select};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use uuid::Uuid;

pub use self::life::{SystemUserChanges, SystemUserError};
pub use self::list::SystemUserFilter;
use crate::PlatformConn;
use crate::schema::system_users;
use crate::text_column::text_enum;

diesel::define_sql_function! {
    /// Lower case by the rules of the database's locale.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

text_enum! {
    /// What a system user may do.
    pub enum SystemUserRole {
        /// Everything, other system users included.
        SuperAdmin => "super_admin",
        /// Everything but other system users.
        Operator => "operator",
        /// Read.
        Support => "support",
    }
}

/// Someone who runs the platform; never a user of a tenant.
#[derive(Clone, PartialEq, Eq, HasQuery, Identifiable)]
#[diesel(table_name = system_users, check_for_backend(Pg))]
pub struct SystemUser {
    /// UUID v7, made by the server.
    pub id: Uuid,
    /// The address to log in with.
    pub email: String,
    /// Versioned hash of the password. Never leaves the server.
    pub password_hash: String,
    /// What the system user may do.
    pub role: SystemUserRole,
    /// Whether the system user may log in.
    pub is_active: bool,
    /// When the system user was made.
    pub created_at: DateTime<Utc>,
    /// When the row last changed, logins aside.
    pub updated_at: DateTime<Utc>,
    /// When the system user last logged in.
    pub last_login_at: Option<DateTime<Utc>>,
}

impl fmt::Debug for SystemUser {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SystemUser")
            .field("id", &self.id)
            .field("role", &self.role)
            .field("is_active", &self.is_active)
            .finish_non_exhaustive()
    }
}

/// A system user to be made.
#[derive(Clone, Insertable)]
#[diesel(table_name = system_users, check_for_backend(Pg))]
pub struct NewSystemUser {
    /// UUID v7.
    pub id: Uuid,
    /// The address to log in with, already checked.
    pub email: String,
    /// Versioned hash of the password.
    pub password_hash: String,
    /// What the system user may do.
    pub role: SystemUserRole,
}

impl fmt::Debug for NewSystemUser {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NewSystemUser")
            .field("id", &self.id)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

impl NewSystemUser {
    /// Makes the system user.
    ///
    /// # Errors
    /// A violation of `system_users_email_key` when the address is taken, in whatever case.
    pub async fn insert(&self, mut conn: &PlatformConn) -> QueryResult<SystemUser> {
        diesel::insert_into(system_users::table)
            .values(self)
            .returning(SystemUser::as_returning())
            .get_result(&mut conn)
            .await
    }
}

impl SystemUser {
    /// The system user of this id.
    pub async fn find(id: Uuid, mut conn: &PlatformConn) -> QueryResult<Option<Self>> {
        Self::query()
            .filter(system_users::id.eq(id))
            .first(&mut conn)
            .await
            .optional()
    }

    /// The system user of this id, who has to be there.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn require(id: Uuid, conn: &PlatformConn) -> QueryResult<Self> {
        Self::find(id, conn).await?.ok_or(diesel::NotFound)
    }

    /// The system user with this address, in whatever case.
    pub async fn find_by_email(email: &str, mut conn: &PlatformConn) -> QueryResult<Option<Self>> {
        Self::query()
            .filter(lower(system_users::email).eq(lower(email)))
            .first(&mut conn)
            .await
            .optional()
    }

    /// Whether there is any system user at all.
    pub async fn any(mut conn: &PlatformConn) -> QueryResult<bool> {
        select(exists(system_users::table.select(system_users::id)))
            .get_result(&mut conn)
            .await
    }

    /// What is kept of the system user in the audit log: all but the hash.
    pub fn snapshot(&self) -> Value {
        json!({
            "email": self.email,
            "role": self.role,
            "is_active": self.is_active,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_not_in_the_debug_output() {
        let user = NewSystemUser {
            id: Uuid::now_v7(),
            email: "ada@example.com".to_owned(),
            password_hash: "v1$secret".to_owned(),
            role: SystemUserRole::SuperAdmin,
        };
        let shown = format!("{user:?}");
        assert!(
            !shown.contains("secret") && !shown.contains("ada"),
            "{shown}"
        );
    }
}
