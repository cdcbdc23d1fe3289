//! Sessions of users: what a refresh token stands for.

mod acting;
mod life;

use chrono::{DateTime, Utc};
use connection::TenantConn;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use ipnet::IpNet;
use uuid::Uuid;

pub use self::acting::NewActingSession;
pub use self::life::EndReason;
use super::user::users;
use crate::TenantModel;
use crate::clock::clock_timestamp;

/// One sign-in of a user on one device. No refresh token is kept: it is derived from the key and the counter.
#[derive(Debug, Clone, Queryable, Selectable, Identifiable, TenantModel)]
#[diesel(table_name = user_sessions, check_for_backend(diesel::pg::Pg))]
#[model(
    index(
        user_id,
        last_used_at,
        where = "revoked_at is null",
        name = "user_sessions_live_idx"
    ),
    index(
        expires_at,
        where = "acting_system_user_id is not null",
        name = "user_sessions_acting_idx"
    ),
    check(
        "(acting_system_user_id is null) = (acting_reason is null)",
        name = "user_sessions_acting_check"
    )
)]
pub struct UserSession {
    /// UUID v7, made by the server; the token's `sid`.
    pub id: Uuid,
    /// Who signed in.
    #[column(references = "users(id) on delete cascade")]
    pub user_id: Uuid,
    /// The HMAC key that the session's refresh tokens are made with.
    pub refresh_key: Vec<u8>,
    /// How often the refresh token was rotated.
    #[column(default = "0", check = "refresh_counter >= 0")]
    pub refresh_counter: i32,
    /// What the client calls its device.
    #[column(check = "char_length(device_id) <= 200")]
    pub device_id: Option<String>,
    /// Where the sign-in came from.
    pub ip: Option<IpNet>,
    /// What the client called itself.
    #[column(check = "char_length(user_agent) <= 1000")]
    pub user_agent: Option<String>,
    /// When the user signed in.
    #[column(default = "now()")]
    pub created_at: DateTime<Utc>,
    /// When the session was last used or refreshed.
    #[column(default = "now()")]
    pub last_used_at: DateTime<Utc>,
    /// When the session ends however much it is used.
    pub expires_at: DateTime<Utc>,
    /// When the session was ended, if so.
    pub revoked_at: Option<DateTime<Utc>>,
    /// Why it was ended.
    pub revoked_reason: Option<String>,
    /// The system user who acts as the user in it, where it is not the user's own.
    pub acting_system_user_id: Option<Uuid>,
    /// Why they do, in their words.
    #[column(check = "char_length(acting_reason) between 1 and 500")]
    pub acting_reason: Option<String>,
}

/// A session to be added.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = user_sessions, check_for_backend(diesel::pg::Pg))]
pub struct NewUserSession {
    /// See [`UserSession::id`].
    pub id: Uuid,
    /// See [`UserSession::user_id`].
    pub user_id: Uuid,
    /// See [`UserSession::refresh_key`].
    pub refresh_key: Vec<u8>,
    /// See [`UserSession::device_id`].
    pub device_id: Option<String>,
    /// See [`UserSession::ip`].
    pub ip: Option<IpNet>,
    /// See [`UserSession::user_agent`].
    pub user_agent: Option<String>,
    /// See [`UserSession::expires_at`].
    pub expires_at: DateTime<Utc>,
}

impl NewUserSession {
    /// Adds the session, used now.
    pub async fn insert(&self, mut conn: &TenantConn) -> QueryResult<UserSession> {
        diesel::insert_into(user_sessions::table)
            .values((self, user_sessions::last_used_at.eq(clock_timestamp())))
            .returning(UserSession::as_returning())
            .get_result(&mut conn)
            .await
    }
}

impl UserSession {
    /// The session of this id, ended or not.
    pub async fn find(id: Uuid, mut conn: &TenantConn) -> QueryResult<Option<Self>> {
        user_sessions::table
            .find(id)
            .select(Self::as_select())
            .first(&mut conn)
            .await
            .optional()
    }
}
