//! The session that applies a plan: one connection below Diesel, whose errors carry the SQLSTATE.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::database::Connector;
use crate::provisioner::ProvisionError;
use crate::provisioner::backoff::Backoff;
use crate::provisioner::namespace::Namespace;

/// No path, and no limits but those of the steps.
const GREETING: &str =
    "SET search_path = ''; SET statement_timeout = 0; SET application_name = 'provision apply'";

/// An end soon after the process that asked is gone: a statement that runs on for nobody would keep its locks for as long
/// as it takes. Not every platform that PostgreSQL runs on can do it.
const NOTICE_THE_END: &str = "SET client_connection_check_interval = '1s'";

/// One connection that applies a plan. Dropping it rolls back what it has begun and frees its locks.
#[derive(Debug)]
pub(super) struct Session {
    client: Client,
    driver: JoinHandle<()>,
}

impl Session {
    pub(super) async fn open(connector: &Connector) -> Result<Self, ProvisionError> {
        let (client, driver) = connector.client().await?;
        let session = Self { client, driver };
        session.batch(GREETING).await?;
        let _ = session.batch(NOTICE_THE_END).await;
        Ok(session)
    }

    /// Takes the lock of a schema until the session ends, or until [`Self::unlock`].
    ///
    /// # Errors
    /// `Busy` when somebody else still holds it after `limit`.
    pub(super) async fn lock(
        &self,
        schema: &Namespace,
        limit: Duration,
    ) -> Result<(), ProvisionError> {
        let key = schema.lock_key();
        let mut backoff = Backoff::of(limit);
        while !self.holds(&format!("pg_try_advisory_lock({key})")).await? {
            if !backoff.wait().await {
                return Err(ProvisionError::Busy(schema.as_str().to_owned()));
            }
        }
        Ok(())
    }

    /// Frees the lock now, and not when the server has noticed that the session is over.
    pub(super) async fn unlock(&self, schema: &Namespace) {
        let sql = format!("ROLLBACK; SELECT pg_advisory_unlock({})", schema.lock_key());
        // A session that cannot do this is lost, and its lock with it.
        let _ = self.client.batch_execute(&sql).await;
    }

    /// Runs SQL without an answer.
    pub(super) async fn batch(&self, sql: &str) -> Result<(), tokio_postgres::Error> {
        self.client.batch_execute(sql).await
    }

    /// Whether an SQL condition holds.
    pub(super) async fn holds(&self, condition: &str) -> Result<bool, tokio_postgres::Error> {
        let row = self
            .values(&format!("SELECT ({condition}) AS holds"))
            .await?;
        Ok(row.first().is_some_and(|value| value == "t"))
    }

    /// The first row of an answer as texts; NULL is an empty one.
    pub(super) async fn values(&self, sql: &str) -> Result<Vec<String>, tokio_postgres::Error> {
        let messages = self.client.simple_query(sql).await?;
        let row = messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        Ok(row.map_or_else(Vec::new, |row| {
            let value = |index| row.get(index).unwrap_or_default().to_owned();
            (0..row.len()).map(value).collect()
        }))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Whether a statement failed because of what others were doing at that moment.
pub(super) fn is_contention(error: &tokio_postgres::Error) -> bool {
    let codes = [
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::T_R_SERIALIZATION_FAILURE,
    ];
    error.code().is_some_and(|code| codes.contains(code))
}

/// What the server said, with the detail that names the row in the way.
pub(super) fn reason(error: &tokio_postgres::Error) -> String {
    let Some(said) = error.as_db_error() else {
        return error.to_string();
    };
    let detail = said.detail().map(|detail| format!(" ({detail})"));
    format!("{}{}", said.message(), detail.unwrap_or_default())
}
