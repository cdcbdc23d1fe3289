//! A transaction that is begun together with its binding, as it is behind a pooler, and how it ends.

use diesel::QueryResult;
use diesel::result::Error;
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, SimpleAsyncConnection, TransactionManager,
};
use futures_util::future::join;

use super::{Conn, Reach, is_open};

/// Fails where an earlier statement has failed, which `COMMIT` does not: it ends such a transaction as `ROLLBACK` would, and
/// calls that a success (manual, `COMMIT`).
const IS_WHOLE: &str = "SELECT";

/// As [`IS_WHOLE`], and ends what text could have set in the session beyond the transaction: what `DISCARD ALL` does, which
/// runs in no transaction (manual, `DISCARD`).
const FORGET: &str = "CLOSE ALL; RESET ALL; RESET SESSION AUTHORIZATION; RESET ROLE; DEALLOCATE ALL; UNLISTEN *; SELECT pg_advisory_unlock_all(); \
    DISCARD PLANS; DISCARD TEMP; DISCARD SEQUENCES";

/// How a transaction ended that could be ended.
#[derive(Debug)]
pub enum Settled {
    /// Everything in it is kept.
    Committed,
    /// Nothing in it is kept, since a statement had failed and nobody rolled back to before it, or since asking for that took
    /// too long.
    RolledBack(Error),
}

impl<R: Reach> Conn<R> {
    /// Begins a transaction with a message that begins and binds it. The connection is good for nothing if that fails.
    ///
    /// # Errors
    /// What the database says of the message.
    pub async fn begin_with(&mut self, opening: &str) -> QueryResult<()> {
        let begun = AnsiTransactionManager::begin_transaction_sql(&mut self.connection, opening);
        let begun = begun.await;
        self.diagnosed(begun).await
    }

    /// Whether the connection is open and exactly one transaction deep.
    pub fn is_in_its_transaction(&mut self) -> bool {
        let status = AnsiTransactionManager::transaction_manager_status_mut(&mut self.connection);
        let depth = status.transaction_depth().ok().flatten();
        depth.is_some_and(|depth| depth.get() == 1) && is_open(&mut self.connection)
    }

    /// Commits the transaction that the connection is in, and learns whether that kept anything, in one round trip.
    ///
    /// # Errors
    /// What the database says of `COMMIT`; whether the transaction is kept is not known then if the connection is gone.
    pub async fn settle(&mut self) -> QueryResult<Settled> {
        let question = if self.has_run_raw_sql() {
            FORGET
        } else {
            IS_WHOLE
        };
        // Both are sent before the first is answered.
        let (mut asks, mut ends) = (&self.connection, &self.connection);
        let (whole, ended) = join(asks.batch_execute(question), ends.batch_execute("COMMIT")).await;
        *self.connection.transaction_state() = AnsiTransactionManager::default();
        self.diagnosed(ended).await?;
        Ok(match whole {
            Ok(()) => Settled::Committed,
            Err(error) => Settled::RolledBack(error),
        })
    }
}
