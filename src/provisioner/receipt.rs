//! Receipts: the answer to an order that carried an idempotency key, kept in the order's own transaction.
//!
//! Order and receipt are committed together, so that a repetition after a crash either finds both or neither.

use connection::PlatformConn;
use diesel::QueryResult;
use diesel::sql_types::{BigInt, Text};
use diesel_async::RunQueryDsl;
use platform_schema::IdempotencyKey;

use super::ProvisionError;
use super::order::ProvisionedTenant;

/// HTTP status of the answer that a receipt stands for: 201 Created.
const CREATED: i32 = 201;

diesel::define_sql_function! {
    /// Takes a lock until the transaction ends, or says that somebody holds it.
    fn pg_try_advisory_xact_lock(key: BigInt) -> Bool;
}

diesel::define_sql_function! {
    /// A 64-bit hash of a text.
    fn hashtextextended(text: Text, seed: BigInt) -> BigInt;
}

/// How a repeated order is known.
#[derive(Debug, Clone)]
pub struct ReceiptRequest {
    /// Who asks and on which route; a key means nothing outside its scope.
    pub scope: String,
    /// The key, as the client sent it.
    pub key: String,
    /// SHA-256 of the request.
    pub request_hash: Vec<u8>,
}

impl ReceiptRequest {
    /// Claims the key for the transaction under way, or gives the answer that it already stands for.
    ///
    /// # Errors
    /// `KeyInProgress` while another transaction holds the key, `KeyReused` when it stands for another request.
    pub(super) async fn claim(
        &self,
        conn: &PlatformConn,
    ) -> Result<Option<ProvisionedTenant>, ProvisionError> {
        if !self.try_lock(conn).await? {
            return Err(ProvisionError::KeyInProgress);
        }
        if IdempotencyKey::claim(&self.scope, &self.key, &self.request_hash, conn).await? {
            return Ok(None);
        }
        let known = IdempotencyKey::find(&self.scope, &self.key, conn)
            .await?
            .ok_or(diesel::NotFound)?;
        if known.request_hash != self.request_hash {
            return Err(ProvisionError::KeyReused);
        }
        let answer = known.response.ok_or(ProvisionError::KeyInProgress)?;
        Ok(Some(serde_json::from_value(answer)?))
    }

    /// Keeps the answer.
    ///
    /// # Errors
    /// `Query`.
    pub(super) async fn complete(
        &self,
        answer: &ProvisionedTenant,
        conn: &PlatformConn,
    ) -> Result<(), ProvisionError> {
        let answer = serde_json::to_value(answer)?;
        IdempotencyKey::complete(&self.scope, &self.key, CREATED, &answer, conn).await?;
        Ok(())
    }

    async fn try_lock(&self, mut conn: &PlatformConn) -> QueryResult<bool> {
        let name = format!("{}\n{}", self.scope, self.key);
        diesel::select(pg_try_advisory_xact_lock(hashtextextended(name, 0)))
            .get_result(&mut conn)
            .await
    }
}
