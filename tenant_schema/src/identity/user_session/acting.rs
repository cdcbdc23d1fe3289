//! Sessions in which a system user acts as a user of the tenant. They have no refresh token, and do not count as the user's own.

use chrono::{DateTime, Utc};
use connection::TenantConn;
use diesel::dsl::{auto_type, now};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use ipnet::IpNet;
use uuid::Uuid;

use super::super::user::users;
use super::life::end_all;
use super::{EndReason, UserSession, user_sessions};

/// A session of a system user as a user, to be added.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = user_sessions, check_for_backend(diesel::pg::Pg))]
pub struct NewActingSession {
    /// See [`UserSession::id`].
    pub id: Uuid,
    /// See [`UserSession::user_id`].
    pub user_id: Uuid,
    /// See [`UserSession::refresh_key`]. No token is made with it.
    pub refresh_key: Vec<u8>,
    /// See [`UserSession::ip`].
    pub ip: Option<IpNet>,
    /// See [`UserSession::user_agent`].
    pub user_agent: Option<String>,
    /// See [`UserSession::expires_at`].
    pub expires_at: DateTime<Utc>,
    /// See [`UserSession::acting_system_user_id`].
    pub acting_system_user_id: Uuid,
    /// See [`UserSession::acting_reason`].
    pub acting_reason: String,
}

impl NewActingSession {
    /// Adds the session. Belongs into a transaction.
    pub async fn insert(&self, conn: &mut TenantConn) -> QueryResult<UserSession> {
        let mut shared: &TenantConn = conn;
        diesel::insert_into(user_sessions::table)
            .values(self)
            .returning(UserSession::as_returning())
            .get_result(&mut shared)
            .await
    }
}

impl UserSession {
    /// A page of the live sessions in which system users act, each with the name of the user as whom, the newest first.
    pub async fn list_acting(
        limit: i64,
        offset: i64,
        mut conn: &TenantConn,
    ) -> QueryResult<Vec<(Self, String)>> {
        acting()
            .inner_join(users::table)
            .order((user_sessions::created_at.desc(), user_sessions::id.desc()))
            .limit(limit)
            .offset(offset)
            .select((Self::as_select(), users::username))
            .load(&mut conn)
            .await
    }

    /// How many live sessions there are in which system users act.
    pub async fn count_acting(mut conn: &TenantConn) -> QueryResult<i64> {
        acting().count().get_result(&mut conn).await
    }

    /// Ends all sessions in which system users act. Belongs into a transaction.
    pub async fn end_acting(conn: &mut TenantConn) -> QueryResult<Vec<Self>> {
        let mut shared: &TenantConn = conn;
        let live: Vec<Uuid> = acting().select(user_sessions::id).load(&mut shared).await?;
        end_all(&live, EndReason::ActingForbidden, conn).await
    }
}

#[auto_type]
fn acting() -> _ {
    user_sessions::table
        .filter(user_sessions::acting_system_user_id.is_not_null())
        .filter(user_sessions::revoked_at.is_null())
        .filter(user_sessions::expires_at.gt(now))
}
