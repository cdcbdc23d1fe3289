//! The life of a session: opened, its refresh token rotated, ended. What writes more than once belongs into a transaction.

use diesel::dsl::{auto_type, now};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{NewPlatformSession, PlatformSession, platform_sessions};
use crate::clock::clock_timestamp;
use crate::{PlatformConn, SystemUser};

impl NewPlatformSession {
    /// Opens the session of `user`, who logs in, and ends those of their others that were used least recently, so that at most
    /// `most` live. Exact however many log in at once: what records the login locks the user's row. Gives the session and
    /// those that it has ended. Belongs into a transaction.
    ///
    /// # Errors
    /// `NotFound` when the user may not log in any more, as [`SystemUser::record_login`] says.
    pub async fn open(
        &self,
        user: &SystemUser,
        new_password_hash: Option<&str>,
        most: i64,
        evicted: &str,
        conn: &PlatformConn,
    ) -> QueryResult<(PlatformSession, Vec<PlatformSession>)> {
        user.record_login(new_password_hash, conn).await?;
        let opened = self.insert(conn).await?;
        let excess = self.excess(most, conn).await?;
        let evicted = PlatformSession::end_all(&excess, evicted, conn).await?;
        Ok((opened, evicted))
    }

    /// The user's live sessions beyond `most`, this one among the ones that stay.
    async fn excess(&self, most: i64, mut conn: &PlatformConn) -> QueryResult<Vec<Uuid>> {
        live_of(self.system_user_id)
            .filter(platform_sessions::id.ne(self.id))
            .order((
                platform_sessions::last_used_at.desc(),
                platform_sessions::id.desc(),
            ))
            .offset(most.saturating_sub(1))
            .select(platform_sessions::id)
            .load(&mut conn)
            .await
    }
}

impl PlatformSession {
    /// Rotates the refresh token that was minted at `counter`, and gives the counter of its successor: the same one however
    /// often and however many at once ask for it, for as long as nobody has used the successor. Nothing for a session that
    /// has ended, or a token that is older.
    pub async fn rotate(
        id: Uuid,
        counter: i32,
        mut conn: &PlatformConn,
    ) -> QueryResult<Option<i32>> {
        let successor = counter.saturating_add(1);
        diesel::update(platform_sessions::table.find(id))
            .filter(platform_sessions::revoked_at.is_null())
            .filter(platform_sessions::expires_at.gt(now))
            .filter(platform_sessions::refresh_counter.eq_any([counter, successor]))
            .set((
                platform_sessions::refresh_counter.eq(successor),
                platform_sessions::last_used_at.eq(clock_timestamp()),
            ))
            .returning(platform_sessions::refresh_counter)
            .get_result(&mut conn)
            .await
            .optional()
    }

    /// Ends those of the sessions that have not ended, and gives them.
    pub async fn end_all(
        ids: &[Uuid],
        reason: &str,
        mut conn: &PlatformConn,
    ) -> QueryResult<Vec<Self>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        diesel::update(platform_sessions::table.filter(platform_sessions::id.eq_any(ids)))
            .filter(platform_sessions::revoked_at.is_null())
            .set((
                platform_sessions::revoked_at.eq(clock_timestamp().nullable()),
                platform_sessions::revoked_reason.eq(reason),
            ))
            .returning(Self::as_returning())
            .get_results(&mut conn)
            .await
    }

    /// Ends all live sessions of the user but the one that is `kept`, and gives them. No login comes in between where the
    /// user's row is locked.
    pub async fn end_all_of(
        system_user_id: Uuid,
        kept: Option<Uuid>,
        reason: &str,
        mut conn: &PlatformConn,
    ) -> QueryResult<Vec<Self>> {
        let live = live_of(system_user_id).select(platform_sessions::id);
        let mut live: Vec<Uuid> = live.load(&mut conn).await?;
        live.retain(|id| Some(*id) != kept);
        Self::end_all(&live, reason, conn).await
    }
}

#[auto_type]
fn live_of(system_user_id: Uuid) -> _ {
    platform_sessions::table
        .filter(platform_sessions::system_user_id.eq(system_user_id))
        .filter(platform_sessions::revoked_at.is_null())
        .filter(platform_sessions::expires_at.gt(now))
}
