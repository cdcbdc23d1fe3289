//! What the server says when it refuses a statement, learnt in whatever language it speaks: of its errors, Diesel's keep the
//! words and lose the SQLSTATE.

use std::sync::OnceLock;

use diesel::QueryResult;
use diesel::result::{DatabaseErrorKind, Error};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};

use super::PlatformConn;

/// What is told from other refusals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The result of a prepared statement has other types than when it was prepared (`0A000`).
    Stale,
    /// The statement took longer than `statement_timeout` (`57014`).
    TimedOut,
    /// The statement was cancelled (`57014`), by an operator or by the timer of the one before it: where that rings just when
    /// its statement ends, PostgreSQL cancels the next one and has forgotten why (`ProcessInterrupts` in `postgres.c`).
    Cancelled,
}

/// The words for each that was to be learnt.
#[derive(Debug)]
struct Words {
    stale: Option<String>,
    timed_out: Option<String>,
    cancelled: Option<String>,
}

/// How a refusal is provoked, in a transaction that is rolled back.
struct Provocation {
    before: &'static str,
    statement: &'static str,
    /// What no rollback undoes.
    after: &'static str,
    /// The words where they are not to be learnt.
    english: &'static str,
}

const STALE: Provocation = Provocation {
    before: "CREATE TEMPORARY TABLE rowhouse_changing (value integer); \
             PREPARE rowhouse_changing AS SELECT value FROM pg_temp.rowhouse_changing; \
             ALTER TABLE pg_temp.rowhouse_changing ALTER COLUMN value TYPE text",
    statement: "EXECUTE rowhouse_changing",
    after: "DEALLOCATE rowhouse_changing",
    english: "cached plan must not change result type",
};

const TIMED_OUT: Provocation = Provocation {
    before: "SET LOCAL statement_timeout = 1",
    statement: "SELECT pg_sleep(10)",
    after: "",
    english: "canceling statement due to statement timeout",
};

const CANCELLED: Provocation = Provocation {
    before: "SET LOCAL statement_timeout = 0",
    statement: "SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(10)",
    after: "",
    english: "canceling statement due to user request",
};

/// The words of the server, of which a process has one.
static WORDS: OnceLock<Words> = OnceLock::new();

/// Learns the words, unless they are known: three round trips for each, once in the life of a process.
///
/// # Errors
/// What the database says of a rollback: the connection is of no use then.
pub async fn learn_words(conn: &PlatformConn) -> QueryResult<()> {
    if WORDS.get().is_none() {
        let words = Words {
            stale: STALE.provoke(&conn.connection).await?,
            timed_out: TIMED_OUT.provoke(&conn.connection).await?,
            cancelled: CANCELLED.provoke(&conn.connection).await?,
        };
        // Whoever was first has learnt the same.
        let _ = WORDS.set(words);
    }
    Ok(())
}

impl Refusal {
    /// Which of these refusals the error is, if it is one.
    pub fn of(error: &Error) -> Option<Self> {
        let Error::DatabaseError(DatabaseErrorKind::Unknown, told) = error else {
            return None;
        };
        let each = [Self::Stale, Self::TimedOut, Self::Cancelled];
        each.into_iter()
            .find(|refusal| refusal.words() == told.message())
    }

    /// How the server puts it, if that is learnt.
    pub fn learnt(self) -> Option<&'static str> {
        let words = WORDS.get()?;
        match self {
            Self::Stale => words.stale.as_deref(),
            Self::TimedOut => words.timed_out.as_deref(),
            Self::Cancelled => words.cancelled.as_deref(),
        }
    }

    fn words(self) -> &'static str {
        let provocation = match self {
            Self::Stale => STALE,
            Self::TimedOut => TIMED_OUT,
            Self::Cancelled => CANCELLED,
        };
        self.learnt().unwrap_or(provocation.english)
    }
}

impl Provocation {
    /// What the server says to it; nothing where the login role may not prepare it.
    async fn provoke(&self, mut connection: &AsyncPgConnection) -> QueryResult<Option<String>> {
        // What limits the statement is set within the savepoint: it must not limit the way back.
        let before = format!("BEGIN; SAVEPOINT provoked; {}", self.before);
        if connection.batch_execute(&before).await.is_err() {
            connection.batch_execute("ROLLBACK").await?;
            return Ok(None);
        }
        let told = connection.batch_execute(self.statement).await;
        let after = format!("ROLLBACK TO SAVEPOINT provoked; {}; ROLLBACK", self.after);
        connection.batch_execute(&after).await?;
        Ok(match told {
            Err(Error::DatabaseError(DatabaseErrorKind::Unknown, told)) => {
                Some(told.message().to_owned())
            }
            _ => None,
        })
    }
}
