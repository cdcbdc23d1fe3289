//! The life of a user: added with roles, signed in, changed, deleted, restored. What writes more than once belongs into a
//! transaction, which is the caller's: it records the change in the audit log, too.

use chrono::{DateTime, Utc};
use connection::{MailKind, TenantConn};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::role::Role;
use super::super::user_role::UserRole;
use super::super::user_session::{EndReason, UserSession};
use super::{NewUser, User, UserChanges, users};
use crate::clock::clock_timestamp;
use crate::settings::Audited;

impl NewUser {
    /// A user of whom nothing but the keys is known.
    pub fn new(email: String, username: String) -> Self {
        Self {
            id: Uuid::now_v7(),
            email,
            username,
            password_hash: None,
            first_name: None,
            last_name: None,
            middle_name: None,
            image: None,
            timezone: None,
            email_verified_at: None,
            password_changed_at: None,
        }
    }

    /// Adds the user and gives them roles. Belongs into a transaction.
    ///
    /// # Errors
    /// As [`Self::insert`].
    pub async fn insert_with_roles(
        &self,
        roles: &[Role],
        conn: &mut TenantConn,
    ) -> QueryResult<User> {
        let user = self.insert(conn).await?;
        for role in roles {
            UserRole::assign(user.id, role.id, conn).await?;
        }
        conn.announce_access().await?;
        Ok(user)
    }
}

impl User {
    /// The name for people: given and family name, or the user name.
    pub fn display_name(&self) -> String {
        let parts = [&self.first_name, &self.last_name];
        let names: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        if names.is_empty() {
            self.username.clone()
        } else {
            names.join(" ")
        }
    }

    /// Records that the user signed in, and the new hash when the password was hashed anew for it.
    ///
    /// # Errors
    /// `NotFound` when the user is gone, may not sign in any more, or has another password by now.
    pub async fn record_login(
        &self,
        new_password_hash: Option<&str>,
        mut conn: &TenantConn,
    ) -> QueryResult<()> {
        let changes = (
            users::last_login_at.eq(clock_timestamp().nullable()),
            new_password_hash.map(|hash| users::password_hash.eq(hash)),
        );
        diesel::update(users::table.find(self.id))
            .filter(users::deleted_at.is_null())
            .filter(users::is_active)
            .filter(users::password_changed_at.is_not_distinct_from(self.password_changed_at))
            .set(changes)
            .returning(users::id)
            .get_result::<Uuid>(&mut conn)
            .await
            .map(drop)
    }

    /// Changes a user whom `precondition` accepts, with the row locked in between. Another address is not proven yet; the one
    /// before is told by mail, and what was mailed to it is void. Gives the user before and after. Belongs into a transaction.
    ///
    /// # Errors
    /// `NotFound`, what the precondition says, or a violation of `users_email_key` or `users_username_key`.
    pub async fn change<E: From<diesel::result::Error>>(
        id: Uuid,
        precondition: impl Fn(&Self) -> Result<(), E>,
        changes: &UserChanges,
        conn: &mut TenantConn,
    ) -> Result<(Self, Self), E> {
        let before = Self::lock(id, conn).await?;
        precondition(&before)?;
        let is_moving = changes
            .email
            .as_ref()
            .is_some_and(|email| *email != before.email);
        let unproven = is_moving.then(|| users::email_verified_at.eq(None::<DateTime<Utc>>));
        let mut shared: &TenantConn = conn;
        let after: Self = diesel::update(users::table.find(id))
            .set((changes, unproven, users::updated_at.eq(clock_timestamp())))
            .returning(Self::as_returning())
            .get_result(&mut shared)
            .await?;
        conn.announce_access().await?;
        if is_moving {
            after.void_tokens(conn).await?;
            before.tell(MailKind::EmailChanged, conn).await?;
        }
        Ok((before, after))
    }

    /// Deletes softly a user whom `precondition` accepts. Gives the user before and after. Belongs into a transaction.
    ///
    /// # Errors
    /// `NotFound`, or what the precondition says.
    pub async fn delete<E: From<diesel::result::Error>>(
        id: Uuid,
        precondition: impl Fn(&Self) -> Result<(), E>,
        conn: &mut TenantConn,
    ) -> Result<(Self, Self), E> {
        let before = Self::lock(id, conn).await?;
        precondition(&before)?;
        let mut shared: &TenantConn = conn;
        let after = diesel::update(users::table.find(id))
            .set((
                users::deleted_at.eq(clock_timestamp().nullable()),
                users::updated_at.eq(clock_timestamp()),
            ))
            .returning(Self::as_returning())
            .get_result(&mut shared)
            .await?;
        conn.announce_access().await?;
        Ok((before, after))
    }

    /// Undoes a deletion. A user who is not deleted stays as they are. Gives the user before and after. Belongs into a
    /// transaction.
    ///
    /// # Errors
    /// `NotFound`, or a violation of `users_email_key` or `users_username_key` where another user has taken the key.
    pub async fn restore(id: Uuid, conn: &mut TenantConn) -> QueryResult<(Self, Self)> {
        let mut shared: &TenantConn = conn;
        let before: Self = users::table
            .find(id)
            .select(Self::as_select())
            .for_no_key_update()
            .first(&mut shared)
            .await?;
        let after = diesel::update(users::table.find(id))
            .set((
                users::deleted_at.eq(None::<DateTime<Utc>>),
                users::updated_at.eq(clock_timestamp()),
            ))
            .returning(Self::as_returning())
            .get_result(&mut shared)
            .await?;
        conn.announce_access().await?;
        Ok((before, after))
    }

    /// Sets the password of a user whose password was last changed at `last_changed`, tells them by mail, voids what was mailed
    /// to them before, and ends all their sessions but the one in which they change it. Gives the user before and after. Belongs into a transaction.
    ///
    /// # Errors
    /// `NotFound` when the user is gone, or the password was changed in the meantime.
    pub async fn change_password(
        id: Uuid,
        last_changed: Option<DateTime<Utc>>,
        new_password_hash: &str,
        session_id: Uuid,
        conn: &mut TenantConn,
    ) -> QueryResult<(Self, Self)> {
        let before = Self::lock(id, conn).await?;
        let mut shared: &TenantConn = conn;
        let after: Self = diesel::update(users::table.find(id))
            .filter(users::password_changed_at.is_not_distinct_from(last_changed))
            .set((
                users::password_hash.eq(new_password_hash),
                users::password_changed_at.eq(clock_timestamp().nullable()),
                users::updated_at.eq(clock_timestamp()),
            ))
            .returning(Self::as_returning())
            .get_result(&mut shared)
            .await?;
        conn.announce_access().await?;
        UserSession::end_all_of(id, Some(session_id), EndReason::PasswordChanged, conn).await?;
        after.void_tokens(conn).await?;
        after.tell(MailKind::PasswordChanged, conn).await?;
        Ok((before, after))
    }

    /// The user of this id, not deleted, with the row locked until the transaction ends.
    pub(in crate::identity) async fn lock(id: Uuid, mut conn: &TenantConn) -> QueryResult<Self> {
        users::table
            .find(id)
            .filter(users::deleted_at.is_null())
            .select(Self::as_select())
            .for_no_key_update()
            .first(&mut conn)
            .await
    }
}

impl Audited for User {
    const KIND: &'static str = "user";
    const SECRETS: &'static [&'static str] = &["password_hash"];

    fn key(&self) -> String {
        self.id.to_string()
    }

    fn snapshot(&self) -> Value {
        json!({
            "id": self.id,
            "email": self.email,
            "username": self.username,
            "password_hash": self.password_hash,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "middle_name": self.middle_name,
            "image": self.image,
            "timezone": self.timezone,
            "working_hours": self.working_hours,
            "is_active": self.is_active,
            "email_verified_at": self.email_verified_at,
            "settings": self.settings,
            "password_changed_at": self.password_changed_at,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "deleted_at": self.deleted_at,
        })
    }
}
