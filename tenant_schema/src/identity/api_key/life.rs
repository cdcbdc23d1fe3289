//! The life of an API key: made, used, rotated, revoked. What writes belongs into a transaction, which is the caller's.

use chrono::{DateTime, TimeDelta, Utc};
use connection::TenantConn;
use diesel::dsl::{auto_type, now};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{ApiKey, NewApiKey, api_keys};
use crate::clock::clock_timestamp;
use crate::settings::Audited;

/// How exactly the last use is known: a key in constant use is written once in this time.
const USE_IS_NOTED: TimeDelta = TimeDelta::minutes(1);

impl NewApiKey {
    /// Adds the key.
    pub async fn insert(&self, conn: &mut TenantConn) -> QueryResult<ApiKey> {
        let mut shared: &TenantConn = conn;
        diesel::insert_into(api_keys::table)
            .values(self)
            .returning(ApiKey::as_returning())
            .get_result(&mut shared)
            .await
    }
}

impl ApiKey {
    /// The key of this hash, neither revoked nor expired, with the database's time.
    pub async fn find_live(
        hash: &[u8],
        mut conn: &TenantConn,
    ) -> QueryResult<Option<(Self, DateTime<Utc>)>> {
        live()
            .filter(api_keys::key_hash.eq(hash))
            .select((
                Self::as_select(),
                now.into_sql::<diesel::sql_types::Timestamptz>(),
            ))
            .first(&mut conn)
            .await
            .optional()
    }

    /// Notes that the key is used now, unless that was noted within the last minute.
    pub async fn note_use(&self, at: DateTime<Utc>, mut conn: &TenantConn) -> QueryResult<()> {
        let is_noted = |used: DateTime<Utc>| at - used < USE_IS_NOTED;
        if self.last_used_at.is_some_and(is_noted) {
            return Ok(());
        }
        diesel::update(api_keys::table.find(self.id))
            .set(api_keys::last_used_at.eq(at))
            .execute(&mut conn)
            .await
            .map(drop)
    }

    /// A page of a user's keys, revoked ones as well, the newest first.
    pub async fn list(
        user_id: Uuid,
        limit: i64,
        offset: i64,
        mut conn: &TenantConn,
    ) -> QueryResult<Vec<Self>> {
        api_keys::table
            .filter(api_keys::user_id.eq(user_id))
            .order((api_keys::created_at.desc(), api_keys::id.desc()))
            .limit(limit)
            .offset(offset)
            .select(Self::as_select())
            .load(&mut conn)
            .await
    }

    /// How many keys the user has, revoked ones as well.
    pub async fn count(user_id: Uuid, mut conn: &TenantConn) -> QueryResult<i64> {
        api_keys::table
            .filter(api_keys::user_id.eq(user_id))
            .count()
            .get_result(&mut conn)
            .await
    }

    /// The live key of this id, of this user where one is named, with the row locked until the transaction ends.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub async fn lock(id: Uuid, owner: Option<Uuid>, conn: &mut TenantConn) -> QueryResult<Self> {
        let mut shared: &TenantConn = conn;
        let key: Self = live()
            .filter(api_keys::id.eq(id))
            .select(Self::as_select())
            .for_no_key_update()
            .first(&mut shared)
            .await?;
        let is_owned = owner.is_none_or(|owner| owner == key.user_id);
        is_owned.then_some(key).ok_or(diesel::NotFound)
    }

    /// Revokes the key, and gives it as it is then. The row stays, for those who read what was done with it.
    pub async fn revoke(&self, conn: &mut TenantConn) -> QueryResult<Self> {
        let mut shared: &TenantConn = conn;
        let revoked = diesel::update(api_keys::table.find(self.id))
            .set(api_keys::revoked_at.eq(clock_timestamp().nullable()))
            .returning(Self::as_returning())
            .get_result(&mut shared)
            .await?;
        conn.announce_access().await?;
        Ok(revoked)
    }

    /// Lets the key end at `end`, unless it ends before, and gives it as it is then.
    pub async fn end_at(&self, end: DateTime<Utc>, conn: &mut TenantConn) -> QueryResult<Self> {
        let end = self.expires_at.map_or(end, |expires| expires.min(end));
        let mut shared: &TenantConn = conn;
        let ending = diesel::update(api_keys::table.find(self.id))
            .set(api_keys::expires_at.eq(end))
            .returning(Self::as_returning())
            .get_result(&mut shared)
            .await?;
        conn.announce_access().await?;
        Ok(ending)
    }
}

#[auto_type]
fn live() -> _ {
    let lasts = api_keys::expires_at
        .is_null()
        .or(api_keys::expires_at.gt(now));
    api_keys::table
        .filter(api_keys::revoked_at.is_null())
        .filter(lasts)
}

impl Audited for ApiKey {
    const KIND: &'static str = "api_key";

    fn key(&self) -> String {
        self.id.to_string()
    }

    /// Without the hash: it names a secret.
    fn snapshot(&self) -> Value {
        json!({
            "user_id": self.user_id,
            "name": self.name,
            "prefix": self.prefix,
            "scopes": self.scopes,
            "networks": self.networks.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "rotated_from": self.rotated_from,
            "expires_at": self.expires_at,
            "revoked_at": self.revoked_at,
            "created_at": self.created_at,
        })
    }
}
