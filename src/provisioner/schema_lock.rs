//! The lock of a schema: whoever changes its structure, rights or seeds holds it.

use std::time::Duration;

use connection::PlatformConn;
use diesel::QueryResult;
use diesel::deserialize::QueryableByName;
use diesel::sql_types::Bool;
use diesel_async::RunQueryDsl;

use super::backoff::Backoff;
use super::identifier::quote_literal;
use super::namespace::Namespace;
use super::{ProvisionError, raw_sql};

#[derive(Debug, QueryableByName)]
struct Taken {
    #[diesel(sql_type = Bool)]
    taken: bool,
}

impl Namespace {
    /// The key of the schema's advisory lock, as SQL.
    pub(super) fn lock_key(&self) -> String {
        format!("hashtextextended({}, 0)", quote_literal(self.as_str()))
    }

    /// Takes the schema's lock until the transaction under way ends.
    ///
    /// # Errors
    /// `Busy` when somebody else still holds it after `limit`.
    pub(super) async fn lock(
        &self,
        limit: Duration,
        conn: &PlatformConn,
    ) -> Result<(), ProvisionError> {
        let mut backoff = Backoff::of(limit);
        while !self.try_lock(conn).await? {
            if !backoff.wait().await {
                return Err(ProvisionError::Busy(self.as_str().to_owned()));
            }
        }
        Ok(())
    }

    async fn try_lock(&self, mut conn: &PlatformConn) -> QueryResult<bool> {
        let key = self.lock_key();
        let sql = format!("SELECT pg_try_advisory_xact_lock({key}) AS taken");
        let row: Taken = raw_sql(&sql).get_result(&mut conn).await?;
        Ok(row.taken)
    }
}
