//! One-time tokens that make the first system user of an empty platform, as they are kept.

use chrono::{DateTime, Utc};
use diesel::dsl::{exists, now, select};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::PlatformConn;
use crate::schema::bootstrap_tokens;

/// A bootstrap token. Only its hash is known here; the token was shown once.
#[derive(Debug, Clone, PartialEq, Eq, HasQuery, Identifiable)]
#[diesel(table_name = bootstrap_tokens, primary_key(token_hash), check_for_backend(Pg))]
pub struct BootstrapToken {
    /// SHA-256 of the token.
    pub token_hash: Vec<u8>,
    /// When the token was issued.
    pub created_at: DateTime<Utc>,
    /// When the token was redeemed.
    pub used_at: Option<DateTime<Utc>>,
}

impl BootstrapToken {
    /// Keeps a new token in place of those that nobody redeemed. Call it in a transaction, after [`Self::lock`].
    pub async fn replace(token_hash: &[u8], conn: &mut PlatformConn) -> QueryResult<()> {
        let mut conn: &PlatformConn = conn;
        diesel::delete(bootstrap_tokens::table)
            .filter(bootstrap_tokens::used_at.is_null())
            .execute(&mut conn)
            .await?;
        diesel::insert_into(bootstrap_tokens::table)
            .values(bootstrap_tokens::token_hash.eq(token_hash))
            .execute(&mut conn)
            .await
            .map(drop)
    }

    /// Whether a token can still be redeemed.
    pub async fn is_open(token_hash: &[u8], mut conn: &PlatformConn) -> QueryResult<bool> {
        let open = bootstrap_tokens::table
            .find(token_hash)
            .filter(bootstrap_tokens::used_at.is_null())
            .select(bootstrap_tokens::token_hash);
        select(exists(open)).get_result(&mut conn).await
    }

    /// Redeems a token. Of several calls with the same token, one gets `true`.
    pub async fn redeem(token_hash: &[u8], mut conn: &PlatformConn) -> QueryResult<bool> {
        diesel::update(bootstrap_tokens::table.find(token_hash))
            .filter(bootstrap_tokens::used_at.is_null())
            .set(bootstrap_tokens::used_at.eq(now))
            .execute(&mut conn)
            .await
            .map(|rows| rows > 0)
    }

    /// Keeps other processes from issuing and redeeming until the transaction ends.
    pub async fn lock(conn: &mut PlatformConn) -> QueryResult<()> {
        conn.batch("LOCK TABLE shared.bootstrap_tokens IN SHARE ROW EXCLUSIVE MODE")
            .await
    }
}
