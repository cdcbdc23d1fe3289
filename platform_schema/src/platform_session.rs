//! Sessions of system users.

mod life;

use std::fmt;

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use ipnet::IpNet;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::PlatformConn;
use crate::clock::clock_timestamp;
use crate::schema::platform_sessions;

/// A session of a system user: it begins with a login and ends by time or by revocation.
#[derive(Clone, PartialEq, Eq, HasQuery, Identifiable)]
#[diesel(table_name = platform_sessions, check_for_backend(Pg))]
pub struct PlatformSession {
    /// UUID v7, the claim `sid` of its tokens.
    pub id: Uuid,
    /// Whose session it is.
    pub system_user_id: Uuid,
    /// Key under which the refresh tokens of this session are authenticated. Never leaves the server.
    pub refresh_key: Vec<u8>,
    /// Number of the newest refresh token.
    pub refresh_counter: i32,
    /// Address that logged in.
    pub ip: Option<IpNet>,
    /// Client that logged in, in its own words.
    pub user_agent: Option<String>,
    /// When the login happened.
    pub created_at: DateTime<Utc>,
    /// When the session was last refreshed.
    pub last_used_at: DateTime<Utc>,
    /// Absolute end, which activity does not move.
    pub expires_at: DateTime<Utc>,
    /// When the session was ended before its time.
    pub revoked_at: Option<DateTime<Utc>>,
    /// Why it was ended.
    pub revoked_reason: Option<String>,
}

impl fmt::Debug for PlatformSession {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PlatformSession")
            .field("id", &self.id)
            .field("system_user_id", &self.system_user_id)
            .field("refresh_counter", &self.refresh_counter)
            .field("expires_at", &self.expires_at)
            .field("revoked_at", &self.revoked_at)
            .finish_non_exhaustive()
    }
}

/// A session to be begun.
#[derive(Clone, Insertable)]
#[diesel(table_name = platform_sessions, check_for_backend(Pg))]
pub struct NewPlatformSession {
    /// UUID v7, new for every login.
    pub id: Uuid,
    /// Whose session it is.
    pub system_user_id: Uuid,
    /// Key under which the refresh tokens of this session are authenticated.
    pub refresh_key: Vec<u8>,
    /// Address that logs in.
    pub ip: Option<IpNet>,
    /// Client that logs in, in its own words.
    pub user_agent: Option<String>,
    /// Absolute end.
    pub expires_at: DateTime<Utc>,
}

impl fmt::Debug for NewPlatformSession {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NewPlatformSession")
            .field("id", &self.id)
            .field("system_user_id", &self.system_user_id)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl NewPlatformSession {
    /// Begins the session, used now.
    pub async fn insert(&self, mut conn: &PlatformConn) -> QueryResult<PlatformSession> {
        diesel::insert_into(platform_sessions::table)
            .values((self, platform_sessions::last_used_at.eq(clock_timestamp())))
            .returning(PlatformSession::as_returning())
            .get_result(&mut conn)
            .await
    }
}

impl PlatformSession {
    /// The session of this id, live or not.
    pub async fn find(id: Uuid, mut conn: &PlatformConn) -> QueryResult<Option<Self>> {
        Self::query()
            .filter(platform_sessions::id.eq(id))
            .first(&mut conn)
            .await
            .optional()
    }

    /// What is kept of the session in the audit log: nothing that a token could be made of.
    pub fn snapshot(&self) -> Value {
        json!({
            "system_user_id": self.system_user_id,
            "ip": self.ip.map(|ip| ip.addr()),
            "user_agent": self.user_agent,
            "created_at": self.created_at,
            "expires_at": self.expires_at,
            "revoked_at": self.revoked_at,
            "revoked_reason": self.revoked_reason,
        })
    }

    /// The session of this id unless it has ended, by the database's clock.
    pub async fn find_live(id: Uuid, mut conn: &PlatformConn) -> QueryResult<Option<Self>> {
        Self::query()
            .filter(platform_sessions::id.eq(id))
            .filter(platform_sessions::revoked_at.is_null())
            .filter(platform_sessions::expires_at.gt(now))
            .first(&mut conn)
            .await
            .optional()
    }
}
