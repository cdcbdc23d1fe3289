//! The life of a session: opened, its refresh token rotated, ended. What writes more than once belongs into a transaction, which
//! is the caller's: it records the change in the audit log, too.

use connection::TenantConn;
use diesel::dsl::{auto_type, exists, now};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::user::{User, users};
use super::{NewUserSession, UserSession, user_sessions};
use crate::clock::clock_timestamp;
use crate::settings::Audited;

/// Why a session was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// The user logged out.
    LoggedOut,
    /// The user ended it from another session.
    Revoked,
    /// The user signed in again and again, and this one was used least recently.
    Evicted,
    /// A refresh token was used again whose successor had been used: one of the two was stolen.
    TokenReused,
    /// The user changed the password in another session.
    PasswordChanged,
    /// Somebody who may end the sessions of others ended it.
    EndedByAdmin,
    /// The tenant lets nobody of the platform act as its users any more.
    ActingForbidden,
    /// The user set a new password with a mailed link.
    PasswordReset,
}

impl EndReason {
    /// The reason as the row has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LoggedOut => "logged_out",
            Self::Revoked => "revoked",
            Self::Evicted => "evicted",
            Self::TokenReused => "token_reused",
            Self::PasswordChanged => "password_changed",
            Self::EndedByAdmin => "ended_by_admin",
            Self::ActingForbidden => "acting_forbidden",
            Self::PasswordReset => "password_reset",
        }
    }

    /// What the audit log calls the end of a session for this reason.
    pub const fn action(self) -> &'static str {
        match self {
            Self::LoggedOut => "auth.logout",
            Self::Revoked => "auth.session_revoked",
            Self::Evicted => "auth.session_evicted",
            Self::TokenReused => "auth.token_reused",
            Self::PasswordChanged => "auth.change_password",
            Self::EndedByAdmin => "sessions.delete",
            Self::ActingForbidden => "support_access.update",
            Self::PasswordReset => "auth.reset_password",
        }
    }
}

impl NewUserSession {
    /// Opens the session of `user`, who signs in, and ends those of their others that were used least recently, so that at
    /// most `most` live. Exact however many sign in at once: what records the sign-in locks the user's row. Gives the session
    /// and those that it has ended. Belongs into a transaction.
    ///
    /// # Errors
    /// `NotFound` when the user may not sign in any more, as [`User::record_login`] says.
    pub async fn open(
        &self,
        user: &User,
        new_password_hash: Option<&str>,
        most: i64,
        conn: &mut TenantConn,
    ) -> QueryResult<(UserSession, Vec<UserSession>)> {
        user.record_login(new_password_hash, conn).await?;
        let opened = self.insert(conn).await?;
        let excess = self.excess(most, conn).await?;
        let evicted = end_all(&excess, EndReason::Evicted, conn).await?;
        Ok((opened, evicted))
    }

    /// The user's live sessions beyond `most`, this one among the ones that stay.
    async fn excess(&self, most: i64, mut conn: &TenantConn) -> QueryResult<Vec<Uuid>> {
        live_of(self.user_id)
            .filter(user_sessions::id.ne(self.id))
            .filter(user_sessions::acting_system_user_id.is_null())
            .order((user_sessions::last_used_at.desc(), user_sessions::id.desc()))
            .offset(most.saturating_sub(1))
            .select(user_sessions::id)
            .load(&mut conn)
            .await
    }
}

impl UserSession {
    /// Rotates the refresh token that was minted at `counter`, and gives the counter of its successor: the same one however
    /// often and however many at once ask for it, for as long as nobody has used the successor. Nothing for a session that
    /// has ended, or a token that is older.
    pub async fn rotate(id: Uuid, counter: i32, mut conn: &TenantConn) -> QueryResult<Option<i32>> {
        let successor = counter.saturating_add(1);
        diesel::update(user_sessions::table.find(id))
            .filter(user_sessions::revoked_at.is_null())
            .filter(user_sessions::expires_at.gt(now))
            .filter(user_sessions::refresh_counter.eq_any([counter, successor]))
            .set((
                user_sessions::refresh_counter.eq(successor),
                user_sessions::last_used_at.eq(clock_timestamp()),
            ))
            .returning(user_sessions::refresh_counter)
            .get_result(&mut conn)
            .await
            .optional()
    }

    /// A page of the user's live sessions, the one used last first.
    pub async fn list_live(
        user_id: Uuid,
        limit: i64,
        offset: i64,
        mut conn: &TenantConn,
    ) -> QueryResult<Vec<Self>> {
        live_of(user_id)
            .order((user_sessions::last_used_at.desc(), user_sessions::id.desc()))
            .limit(limit)
            .offset(offset)
            .select(Self::as_select())
            .load(&mut conn)
            .await
    }

    /// How many live sessions the user has.
    pub async fn count_live(user_id: Uuid, mut conn: &TenantConn) -> QueryResult<i64> {
        live_of(user_id).count().get_result(&mut conn).await
    }

    /// Ends the session, and gives it; nothing where it had ended. Belongs into a transaction.
    pub async fn end(
        id: Uuid,
        reason: EndReason,
        conn: &mut TenantConn,
    ) -> QueryResult<Option<Self>> {
        Ok(end_all(&[id], reason, conn).await?.pop())
    }

    /// Ends a live session of the user, and gives it. Belongs into a transaction.
    ///
    /// # Errors
    /// `NotFound` when the user has no such session.
    pub async fn end_own(
        id: Uuid,
        user_id: Uuid,
        reason: EndReason,
        conn: &mut TenantConn,
    ) -> QueryResult<Self> {
        let mut shared: &TenantConn = conn;
        let own = live_of(user_id)
            .filter(user_sessions::id.eq(id))
            .select(user_sessions::id);
        let own: Uuid = own.first(&mut shared).await?;
        let ended = end_all(&[own], reason, conn).await?.pop();
        ended.ok_or(diesel::NotFound)
    }

    /// Ends all live sessions of the user but the one that is `kept`, and gives them. No sign-in comes in between. Belongs
    /// into a transaction.
    ///
    /// # Errors
    /// `NotFound` when the user is gone.
    pub async fn end_all_of(
        user_id: Uuid,
        kept: Option<Uuid>,
        reason: EndReason,
        conn: &mut TenantConn,
    ) -> QueryResult<Vec<Self>> {
        User::lock(user_id, conn).await?;
        let mut shared: &TenantConn = conn;
        let live = live_of(user_id).select(user_sessions::id);
        let mut live: Vec<Uuid> = live.load(&mut shared).await?;
        live.retain(|id| Some(*id) != kept);
        end_all(&live, reason, conn).await
    }

    /// Ends all live sessions of all users, and gives them. Who has one signs in no further before it is done. Belongs into a
    /// transaction.
    pub async fn end_everybodys(
        reason: EndReason,
        conn: &mut TenantConn,
    ) -> QueryResult<Vec<Self>> {
        let mut shared: &TenantConn = conn;
        let theirs = live().filter(user_sessions::user_id.eq(users::id));
        let signed_in = users::table
            .filter(exists(theirs))
            .order(users::id)
            .select(users::id)
            .for_no_key_update();
        signed_in.load::<Uuid>(&mut shared).await?;
        let live = live().select(user_sessions::id);
        let live: Vec<Uuid> = live.load(&mut shared).await?;
        end_all(&live, reason, conn).await
    }
}

#[auto_type]
fn live() -> _ {
    user_sessions::table
        .filter(user_sessions::revoked_at.is_null())
        .filter(user_sessions::expires_at.gt(now))
}

#[auto_type]
fn live_of(user_id: Uuid) -> _ {
    user_sessions::table
        .filter(user_sessions::user_id.eq(user_id))
        .filter(user_sessions::revoked_at.is_null())
        .filter(user_sessions::expires_at.gt(now))
}

/// Ends those of the sessions that have not ended, gives them, and announces it.
pub(super) async fn end_all(
    ids: &[Uuid],
    reason: EndReason,
    mut conn: &TenantConn,
) -> QueryResult<Vec<UserSession>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ended = diesel::update(user_sessions::table.filter(user_sessions::id.eq_any(ids)))
        .filter(user_sessions::revoked_at.is_null())
        .set((
            user_sessions::revoked_at.eq(clock_timestamp().nullable()),
            user_sessions::revoked_reason.eq(reason.as_str()),
        ))
        .returning(UserSession::as_returning())
        .get_results(&mut conn)
        .await?;
    conn.announce_access().await?;
    Ok(ended)
}

impl Audited for UserSession {
    const KIND: &'static str = "session";

    fn key(&self) -> String {
        self.id.to_string()
    }

    /// Neither the key nor the counter: nothing that a token could be made of.
    fn snapshot(&self) -> Value {
        json!({
            "user_id": self.user_id,
            "device_id": self.device_id,
            "ip": self.ip.map(|ip| ip.addr()),
            "user_agent": self.user_agent,
            "created_at": self.created_at,
            "expires_at": self.expires_at,
            "revoked_at": self.revoked_at,
            "revoked_reason": self.revoked_reason,
            "acting_system_user_id": self.acting_system_user_id,
            "acting_reason": self.acting_reason,
        })
    }
}
