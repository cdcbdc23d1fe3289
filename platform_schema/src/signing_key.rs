//! Ed25519 keys that sign access tokens, as they are kept.

use std::fmt;

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::PlatformConn;
use crate::schema::signing_keys;

/// A key pair. The newest that is not retired signs; all that are not retired verify.
#[derive(Clone, PartialEq, Eq, HasQuery, Identifiable)]
#[diesel(table_name = signing_keys, check_for_backend(Pg))]
pub struct SigningKey {
    /// The `kid` in the header of a token.
    pub id: String,
    /// The key pair as PKCS#8. Never leaves the server.
    pub private_key: Vec<u8>,
    /// The 32 bytes of the public key.
    pub public_key: Vec<u8>,
    /// When the key was made.
    pub created_at: DateTime<Utc>,
    /// When the key stopped verifying.
    pub retired_at: Option<DateTime<Utc>>,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SigningKey")
            .field("id", &self.id)
            .field("created_at", &self.created_at)
            .field("retired_at", &self.retired_at)
            .finish_non_exhaustive()
    }
}

/// A key pair to be kept.
#[derive(Clone, Insertable)]
#[diesel(table_name = signing_keys, check_for_backend(Pg))]
pub struct NewSigningKey {
    /// The `kid` in the header of a token.
    pub id: String,
    /// The key pair as PKCS#8.
    pub private_key: Vec<u8>,
    /// The 32 bytes of the public key.
    pub public_key: Vec<u8>,
}

impl fmt::Debug for NewSigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("NewSigningKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl NewSigningKey {
    /// Keeps the key, which signs from now on.
    pub async fn insert(&self, mut conn: &PlatformConn) -> QueryResult<SigningKey> {
        diesel::insert_into(signing_keys::table)
            .values(self)
            .returning(SigningKey::as_returning())
            .get_result(&mut conn)
            .await
    }
}

impl SigningKey {
    /// The keys that verify, the one that signs first.
    pub async fn verifying(mut conn: &PlatformConn) -> QueryResult<Vec<Self>> {
        Self::query()
            .filter(signing_keys::retired_at.is_null())
            .order((signing_keys::created_at.desc(), signing_keys::id))
            .load(&mut conn)
            .await
    }

    /// Retires a key: its tokens die. Answers whether it was in use.
    pub async fn retire(id: &str, mut conn: &PlatformConn) -> QueryResult<bool> {
        diesel::update(signing_keys::table.find(id))
            .filter(signing_keys::retired_at.is_null())
            .set(signing_keys::retired_at.eq(now))
            .execute(&mut conn)
            .await
            .map(|rows| rows > 0)
    }

    /// Keeps other processes from making keys until the transaction ends. Reading goes on.
    pub async fn lock(conn: &mut PlatformConn) -> QueryResult<()> {
        conn.batch("LOCK TABLE shared.signing_keys IN SHARE ROW EXCLUSIVE MODE")
            .await
    }
}
