//! Users of a tenant. Never a system user, who runs the platform.

mod life;
mod list;
mod proof;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use connection::TenantConn;
use diesel::dsl::array;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

pub use self::list::{UserFilter, UserSortKey};
use super::role::Role;
use crate::TenantModel;
use crate::resource::lower;

/// Someone who works in the tenant.
#[derive(Debug, Clone, Queryable, Selectable, Identifiable, TenantModel)]
#[diesel(table_name = users, check_for_backend(diesel::pg::Pg))]
#[model(
    unique("lower(email)", where = "deleted_at is null"),
    unique("lower(username)", where = "deleted_at is null"),
    index(created_at, id)
)]
pub struct User {
    /// UUID v7, made by the server.
    pub id: Uuid,
    /// Address as it was given; unique regardless of case among users not deleted. At most 254 characters (RFC 5321, 4.5.3.1.3).
    #[column(check = "char_length(email) <= 254")]
    pub email: String,
    /// Name to sign in with; unique regardless of case among users not deleted.
    #[column(check = "char_length(username) between 1 and 64")]
    pub username: String,
    /// Versioned hash of the password; none until an invitation is accepted.
    pub password_hash: Option<String>,
    /// Given name.
    #[column(check = "char_length(first_name) <= 100")]
    pub first_name: Option<String>,
    /// Family name.
    #[column(check = "char_length(last_name) <= 100")]
    pub last_name: Option<String>,
    /// Middle name.
    #[column(check = "char_length(middle_name) <= 100")]
    pub middle_name: Option<String>,
    /// URL of a picture.
    #[column(check = "char_length(image) <= 2048")]
    pub image: Option<String>,
    /// IANA name of the time zone that the user's working hours are judged in.
    #[column(default = "'UTC'", check = "char_length(timezone) between 1 and 64")]
    pub timezone: String,
    /// When the user works, where that is not what their highest role says.
    #[column(check = "jsonb_typeof(working_hours) = 'object'")]
    pub working_hours: Option<Value>,
    /// Whether the user may sign in.
    #[column(default = "true")]
    pub is_active: bool,
    /// When the user proved to own the address.
    pub email_verified_at: Option<DateTime<Utc>>,
    /// The user's own preferences: `theme`, `notifications` and the like.
    #[column(default = "'{}'", check = "jsonb_typeof(settings) = 'object'")]
    pub settings: Value,
    /// When the user last signed in with a password.
    pub last_login_at: Option<DateTime<Utc>>,
    /// When the password was last changed.
    pub password_changed_at: Option<DateTime<Utc>>,
    /// When the user was made.
    #[column(default = "now()")]
    pub created_at: DateTime<Utc>,
    /// When the user was last changed.
    #[column(default = "now()")]
    pub updated_at: DateTime<Utc>,
    /// When the user was deleted, if so.
    pub deleted_at: Option<DateTime<Utc>>,
}

/// A user to be added. What is `None` stays unset or takes the column's default.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = users, check_for_backend(diesel::pg::Pg))]
pub struct NewUser {
    /// See [`User::id`].
    pub id: Uuid,
    /// See [`User::email`].
    pub email: String,
    /// See [`User::username`].
    pub username: String,
    /// See [`User::password_hash`].
    pub password_hash: Option<String>,
    /// See [`User::first_name`].
    pub first_name: Option<String>,
    /// See [`User::last_name`].
    pub last_name: Option<String>,
    /// See [`User::middle_name`].
    pub middle_name: Option<String>,
    /// See [`User::image`].
    pub image: Option<String>,
    /// See [`User::timezone`].
    pub timezone: Option<String>,
    /// See [`User::email_verified_at`].
    pub email_verified_at: Option<DateTime<Utc>>,
    /// See [`User::password_changed_at`].
    pub password_changed_at: Option<DateTime<Utc>>,
}

/// Changes to a user: `None` leaves a column as it is, `Some(None)` empties it.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = users, check_for_backend(diesel::pg::Pg))]
pub struct UserChanges {
    /// See [`User::email`].
    pub email: Option<String>,
    /// See [`User::username`].
    pub username: Option<String>,
    /// See [`User::password_hash`].
    pub password_hash: Option<String>,
    /// See [`User::first_name`].
    pub first_name: Option<Option<String>>,
    /// See [`User::last_name`].
    pub last_name: Option<Option<String>>,
    /// See [`User::middle_name`].
    pub middle_name: Option<Option<String>>,
    /// See [`User::image`].
    pub image: Option<Option<String>>,
    /// See [`User::timezone`].
    pub timezone: Option<String>,
    /// See [`User::working_hours`].
    pub working_hours: Option<Option<Value>>,
    /// See [`User::is_active`].
    pub is_active: Option<bool>,
    /// See [`User::email_verified_at`].
    pub email_verified_at: Option<Option<DateTime<Utc>>>,
    /// See [`User::settings`].
    pub settings: Option<Value>,
    /// See [`User::last_login_at`].
    pub last_login_at: Option<DateTime<Utc>>,
    /// See [`User::password_changed_at`].
    pub password_changed_at: Option<DateTime<Utc>>,
    /// See [`User::updated_at`].
    pub updated_at: Option<DateTime<Utc>>,
}

impl NewUser {
    /// Adds the user.
    ///
    /// # Errors
    /// A unique violation of `users_email_key` or `users_username_key` where the tenant has such a user.
    pub async fn insert(&self, mut conn: &TenantConn) -> QueryResult<User> {
        diesel::insert_into(users::table)
            .values(self)
            .returning(User::as_returning())
            .get_result(&mut conn)
            .await
    }
}

impl User {
    /// Which of these users there are, not deleted.
    pub async fn existing(ids: &[Uuid], mut conn: &TenantConn) -> QueryResult<HashSet<Uuid>> {
        let existing: Vec<Uuid> = users::table
            .filter(users::id.eq_any(ids))
            .filter(users::deleted_at.is_null())
            .select(users::id)
            .order(users::id)
            .load(&mut conn)
            .await?;
        Ok(existing.into_iter().collect())
    }

    /// The user of this id, not deleted.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn find(id: Uuid, mut conn: &TenantConn) -> QueryResult<Self> {
        users::table
            .find(id)
            .filter(users::deleted_at.is_null())
            .select(Self::as_select())
            .first(&mut conn)
            .await
    }

    /// The user of this id, not deleted, with the names of their roles, the highest first: one statement.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn find_with_roles(
        id: Uuid,
        mut conn: &TenantConn,
    ) -> QueryResult<(Self, Vec<String>)> {
        users::table
            .find(id)
            .filter(users::deleted_at.is_null())
            .select((Self::as_select(), array(Role::names_query(id))))
            .first(&mut conn)
            .await
    }

    /// Which of these addresses, and which of these names, users have who are not deleted. All in lower case.
    pub async fn taken(
        emails: &[String],
        usernames: &[String],
        conn: &TenantConn,
    ) -> QueryResult<(Vec<String>, Vec<String>)> {
        let (mut by_email, mut by_username) = (conn, conn);
        let emails = users::table
            .filter(users::deleted_at.is_null())
            .filter(lower(users::email).eq_any(emails))
            .select(lower(users::email))
            .load(&mut by_email);
        let usernames = users::table
            .filter(users::deleted_at.is_null())
            .filter(lower(users::username).eq_any(usernames))
            .select(lower(users::username))
            .load(&mut by_username);
        futures_util::try_join!(emails, usernames)
    }

    /// The user, not deleted, who signs in as `login`: an e-mail address or a user name, in any case. Where one user's name
    /// is another's address, the owner of the address is meant.
    pub async fn find_for_login(login: &str, mut conn: &TenantConn) -> QueryResult<Option<Self>> {
        let by_email = lower(users::email).eq(lower(login));
        let by_username = lower(users::username).eq(lower(login));
        users::table
            .filter(users::deleted_at.is_null())
            .filter(by_email.or(by_username))
            .order(lower(users::email).eq(lower(login)).desc())
            .select(Self::as_select())
            .first(&mut conn)
            .await
            .optional()
    }
}
