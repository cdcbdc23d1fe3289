//! What a connection pooler between this process and the server does, found out by asking.
//!
//! Behind a pooler of transactions, what one client sets in its session stays behind for the next client: a tenant's path,
//! and with it the tenant's rows. No setting of PostgreSQL or of the protocol tells a client so, but the process that
//! answers does: it changes under a connection, or answers two connections that are open at once.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{join, try_join, try_join3};
use tokio::time::timeout;
use tokio_postgres::{Client, SimpleQueryMessage};

use super::{Connector, DatabaseError, Pooling};
use crate::config::Pooler;

/// How often the questions are asked: other clients of a busy pooler can make one round look like a server.
const ROUNDS: usize = 3;

/// How long the questions may take altogether. A server answers them in milliseconds; a pooler whose connections are all
/// taken lets them wait.
const PATIENCE: Duration = Duration::from_secs(10);

/// The process that answers, and in a new transaction.
const PROCESS: &str = "SELECT pg_backend_pid()";
const PROCESS_IN_TRANSACTION: &str = "BEGIN; SELECT pg_backend_pid()";

/// Which database this is of which start of a server, and who asks. In one column each.
const IDENTITY: &str = "SELECT current_database() || ' since ' || extract(epoch FROM pg_postmaster_start_time()), session_user";

/// Why a pooler stops the start.
#[derive(Debug, thiserror::Error)]
pub enum PoolerError {
    /// The configuration says that there is none.
    #[error(
        "`DATABASE_URL` leads to a pooler that changes the session between transactions, and `POOLER` is `none`: a tenant's role and path, set in one session, would serve the next client with that tenant's rows (hint: set `POOLER` to `auto` or `transaction`, and `DIRECT_DATABASE_URL` to the address of PostgreSQL itself)"
    )]
    Leaks,
    /// Nothing passes by it.
    #[error(
        "`DATABASE_URL` leads to a pooler that changes the session between transactions, where migrations and advisory locks cannot work (hint: set `DIRECT_DATABASE_URL` to the address of PostgreSQL itself)"
    )]
    NotDirect,
    /// What should pass by it does not.
    #[error(
        "`DIRECT_DATABASE_URL` leads to a pooler that changes the session between transactions, where migrations and advisory locks cannot work (hint: set it to the address of PostgreSQL itself)"
    )]
    DirectIsPooled,
    /// It allows no transactions.
    #[error(
        "the pooler at {address} refuses transactions: {reason} (hint: let it pool transactions; for PgBouncer, `pool_mode = transaction`)"
    )]
    Statements {
        /// Host and port.
        address: String,
        /// What the pooler says.
        reason: String,
    },
    /// The two ways lead to two places.
    #[error(
        "`DATABASE_URL` and `DIRECT_DATABASE_URL` lead to different databases (hint: `DIRECT_DATABASE_URL` is the address of the server and the name of the database that the pooler uses)"
    )]
    OtherDatabase,
    /// The two ways have two users.
    #[error(
        "`DATABASE_URL` logs in as `{serving}` and `DIRECT_DATABASE_URL` as `{direct}` (hint: use one login role, which makes the tenants' roles and takes them)"
    )]
    OtherRole {
        /// The role behind `DATABASE_URL`.
        serving: String,
        /// The role behind `DIRECT_DATABASE_URL`.
        direct: String,
    },
}

/// What was found at the end of a URL.
#[derive(Debug)]
struct Found {
    is_pooled: bool,
    database: String,
    role: String,
}

/// What the connections of `serving` keep, given what the configuration says.
///
/// # Errors
/// A [`PoolerError`] where requests or migrations could not be served, or `Unreachable`.
pub(super) async fn examine(
    serving: &Connector,
    direct: Option<&Connector>,
    pooler: Pooler,
) -> Result<Pooling, DatabaseError> {
    let behind = async {
        match direct {
            Some(direct) => look(direct).await.map(Some),
            None => Ok(None),
        }
    };
    let (front, behind) = try_join(look(serving), behind).await?;
    if let Some(behind) = &behind {
        front.must_be_as(behind)?;
    }
    match (front.is_pooled, pooler) {
        (true, Pooler::None) => Err(PoolerError::Leaks.into()),
        (true, _) if direct.is_none() => Err(PoolerError::NotDirect.into()),
        (true, _) | (false, Pooler::Transaction) => Ok(Pooling::Transaction),
        (false, Pooler::Auto | Pooler::None) => Ok(Pooling::Session),
    }
}

impl Found {
    fn must_be_as(&self, direct: &Self) -> Result<(), PoolerError> {
        if direct.is_pooled {
            return Err(PoolerError::DirectIsPooled);
        }
        if self.database != direct.database {
            return Err(PoolerError::OtherDatabase);
        }
        if self.role != direct.role {
            return Err(PoolerError::OtherRole {
                serving: self.role.clone(),
                direct: direct.role.clone(),
            });
        }
        Ok(())
    }
}

async fn look(connector: &Connector) -> Result<Found, DatabaseError> {
    let looked = timeout(PATIENCE, async {
        // Opening a connection is a large future, and this one runs once.
        let connect = || connector.client().boxed();
        let (first, second, third) = try_join3(connect(), connect(), connect()).await?;
        // Their drivers end with them.
        let clients = Clients {
            connector,
            first: first.0,
            second: second.0,
            third: third.0,
        };
        clients.look().await
    });
    looked.await.unwrap_or_else(|_| {
        let silence = format!(
            "three connections got no answer within {} s",
            PATIENCE.as_secs()
        );
        Err(connector.unreachable(&*Box::<dyn std::error::Error>::from(silence)))
    })
}

/// Three connections that ask.
struct Clients<'connector> {
    connector: &'connector Connector,
    first: Client,
    second: Client,
    third: Client,
}

impl Clients<'_> {
    async fn look(&self) -> Result<Found, DatabaseError> {
        let mut is_pooled = false;
        for _ in 0..ROUNDS {
            let changes = self.changes().await;
            // A pooler lends the sessions of open transactions to nobody. Those that were not begun only warn.
            let _ = join(
                self.second.batch_execute("ROLLBACK"),
                self.third.batch_execute("ROLLBACK"),
            )
            .await;
            is_pooled |= changes?;
            if is_pooled {
                break;
            }
        }
        let [database, role] = self.ask(&self.first, IDENTITY).await?;
        Ok(Found {
            is_pooled,
            database,
            role,
        })
    }

    /// Whether the first connection changes its session, or another one gets it.
    ///
    /// The order finds a pooler that lends the session which idled last (the second connection gets the first one's), one
    /// that lends the session which idled longest (the first connection moves on; of two sessions, the third connection
    /// gets the first one's), and one with a single session, without ever waiting for a session that the others hold.
    async fn changes(&self) -> Result<bool, DatabaseError> {
        let first = self.process(&self.first).await?;
        if self.process_in_transaction(&self.second).await? == first {
            return Ok(true);
        }
        if self.process(&self.first).await? != first {
            return Ok(true);
        }
        if self.process_in_transaction(&self.third).await? == first {
            return Ok(true);
        }
        Ok(self.process(&self.first).await? != first)
    }

    async fn process(&self, client: &Client) -> Result<[String; 1], DatabaseError> {
        self.ask(client, PROCESS).await
    }

    async fn process_in_transaction(&self, client: &Client) -> Result<[String; 1], DatabaseError> {
        let answer = client.simple_query(PROCESS_IN_TRANSACTION).await;
        let refused = answer.map_err(|error| match error.as_db_error() {
            Some(said) if Self::is_refusal(said) => PoolerError::Statements {
                address: self.connector.address(),
                reason: said.message().to_owned(),
            }
            .into(),
            _ => self.connector.unreachable(&error),
        });
        self.row(&refused?)
    }

    /// Whether it is a transaction that is refused, and not everything: a server that stops says `57P01` and the like.
    fn is_refusal(said: &tokio_postgres::error::DbError) -> bool {
        !said.code().code().starts_with("57")
    }

    async fn ask<const COLUMNS: usize>(
        &self,
        client: &Client,
        question: &str,
    ) -> Result<[String; COLUMNS], DatabaseError> {
        let answer = client.simple_query(question).await;
        self.row(&answer.map_err(|error| self.connector.unreachable(&error))?)
    }

    /// The only row of an answer. Simple queries, since a prepared one would be left behind in somebody's session.
    fn row<const COLUMNS: usize>(
        &self,
        answer: &[SimpleQueryMessage],
    ) -> Result<[String; COLUMNS], DatabaseError> {
        let row = answer.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        let columns = (0..COLUMNS).map(|column| row?.try_get(column).ok()?.map(str::to_owned));
        let columns: Option<Vec<String>> = columns.collect();
        columns
            .and_then(|columns| columns.try_into().ok())
            .ok_or_else(|| {
                let nothing = Box::<dyn std::error::Error>::from("it answers without a row");
                self.connector.unreachable(&*nothing)
            })
    }
}
