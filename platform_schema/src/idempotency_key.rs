//! Answers to requests that carried an `Idempotency-Key`, to be given again.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;

use crate::PlatformConn;
use crate::schema::idempotency_keys;

/// A key that a client sent, with the answer once there is one.
#[derive(Debug, Clone, PartialEq, HasQuery, Identifiable)]
#[diesel(table_name = idempotency_keys, primary_key(scope, key), check_for_backend(Pg))]
pub struct IdempotencyKey {
    /// Who asked and on which route; a key means nothing outside its scope.
    pub scope: String,
    /// The key, as the client sent it.
    pub key: String,
    /// SHA-256 of the request.
    pub request_hash: Vec<u8>,
    /// HTTP status of the answer; none while the request runs.
    pub status_code: Option<i32>,
    /// Body of the answer; none while the request runs.
    pub response: Option<Value>,
    /// When the key was first seen.
    pub created_at: DateTime<Utc>,
}

impl IdempotencyKey {
    /// Claims a key for a request. Of several calls with the same key, one gets `true`; the others look at
    /// [`Self::find`].
    pub async fn claim(
        scope: &str,
        key: &str,
        request_hash: &[u8],
        mut conn: &PlatformConn,
    ) -> QueryResult<bool> {
        diesel::insert_into(idempotency_keys::table)
            .values((
                idempotency_keys::scope.eq(scope),
                idempotency_keys::key.eq(key),
                idempotency_keys::request_hash.eq(request_hash),
            ))
            .on_conflict_do_nothing()
            .execute(&mut conn)
            .await
            .map(|rows| rows > 0)
    }

    /// What is known of a key.
    pub async fn find(
        scope: &str,
        key: &str,
        mut conn: &PlatformConn,
    ) -> QueryResult<Option<Self>> {
        Self::query()
            .filter(idempotency_keys::scope.eq(scope))
            .filter(idempotency_keys::key.eq(key))
            .first(&mut conn)
            .await
            .optional()
    }

    /// Keeps the answer to the request that claimed the key.
    ///
    /// # Errors
    /// `NotFound` when nobody holds the key.
    pub async fn complete(
        scope: &str,
        key: &str,
        status_code: i32,
        response: &Value,
        mut conn: &PlatformConn,
    ) -> QueryResult<Self> {
        diesel::update(idempotency_keys::table.find((scope, key)))
            .filter(idempotency_keys::status_code.is_null())
            .set((
                idempotency_keys::status_code.eq(status_code),
                idempotency_keys::response.eq(response),
            ))
            .returning(Self::as_returning())
            .get_result(&mut conn)
            .await
    }

    /// Gives a key back whose request changed nothing, so that the client can try again with it.
    pub async fn release(scope: &str, key: &str, mut conn: &PlatformConn) -> QueryResult<()> {
        diesel::delete(idempotency_keys::table.find((scope, key)))
            .filter(idempotency_keys::status_code.is_null())
            .execute(&mut conn)
            .await
            .map(drop)
    }
}
