//! The life of a session: its refresh token rotated, the session ended.

use connection::TenantConn;
use diesel::dsl::now;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{UserSession, user_sessions};

diesel::define_sql_function! {
    /// The time now, not the time at which the transaction began, which may have waited for others.
    fn clock_timestamp() -> diesel::sql_types::Timestamptz;
}

/// Why a session was ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// A refresh token was used again whose successor had been used: one of the two was stolen.
    TokenReused,
}

impl EndReason {
    /// The reason as the row has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TokenReused => "token_reused",
        }
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

    /// Ends the session, unless it has ended.
    pub async fn end(id: Uuid, reason: EndReason, conn: &mut TenantConn) -> QueryResult<()> {
        conn.transaction(async |conn| {
            let mut shared: &TenantConn = conn;
            diesel::update(user_sessions::table.find(id))
                .filter(user_sessions::revoked_at.is_null())
                .set((
                    user_sessions::revoked_at.eq(clock_timestamp().nullable()),
                    user_sessions::revoked_reason.eq(reason.as_str()),
                ))
                .execute(&mut shared)
                .await?;
            conn.announce_access().await
        })
        .await
    }
}
