//! Prepared statements whose result has changed since, and statements that are run again for that reason.
//!
//! PostgreSQL checks a prepared statement anew when a table of it has changed or the path is another one, and refuses to run
//! it if its result then has other types: "cached plan must not change result type" (`0A000`, `RevalidateCachedQuery` in
//! `plancache.c`). Nothing was run then. Parsed anew, it runs.

use std::fmt;
use std::sync::OnceLock;

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::{DatabaseErrorKind, Error};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::future::{BoxFuture, ready};
use futures_util::{FutureExt, StreamExt, TryFutureExt, TryStreamExt, stream};

use super::ending::BareRows;
use super::{InFlight, PlatformConn};

/// How the server puts it in English.
const ENGLISH: &str = "cached plan must not change result type";

/// A statement whose result has changed since it was prepared.
const PROVOCATION: &str = "BEGIN; CREATE TEMPORARY TABLE rowhouse_changing (value integer); \
    PREPARE rowhouse_changing AS SELECT value FROM pg_temp.rowhouse_changing; \
    ALTER TABLE pg_temp.rowhouse_changing ALTER COLUMN value TYPE text";

/// How the server of this process puts it; `None` when it was not to be learnt.
static WORDS: OnceLock<Option<String>> = OnceLock::new();

/// Learns how the server says that a prepared statement is stale, in whatever language: Diesel's errors keep the words, not
/// the SQLSTATE. Four round trips, once in the life of a process, and a temporary table that is rolled back. Where the login
/// role may make none, English is taken for its language.
///
/// # Errors
/// What the database says of the rollback: the connection is of no use then.
pub async fn learn(conn: &PlatformConn) -> QueryResult<()> {
    if WORDS.get().is_some() {
        return Ok(());
    }
    let mut connection = &conn.connection;
    let words = match connection.batch_execute(PROVOCATION).await {
        Ok(()) => connection.batch_execute("EXECUTE rowhouse_changing").await,
        Err(_) => Ok(()),
    };
    connection.batch_execute("ROLLBACK").await?;
    // What is prepared outlives the rollback, and is not there where nothing was.
    let _ = connection
        .batch_execute("DEALLOCATE rowhouse_changing")
        .await;
    let words = words.err().and_then(|error| match error {
        Error::DatabaseError(DatabaseErrorKind::Unknown, told) => Some(told.message().to_owned()),
        _ => None,
    });
    // Whoever was first has learnt the same.
    let _ = WORDS.set(words);
    Ok(())
}

/// How the server says that a prepared statement is stale, once that is learnt.
pub fn words() -> Option<&'static str> {
    WORDS.get()?.as_deref()
}

/// Whether the server refused a statement since it is stale.
pub(crate) fn is_told_by(error: &Error) -> bool {
    let Error::DatabaseError(DatabaseErrorKind::Unknown, information) = error else {
        return false;
    };
    information.message() == words().unwrap_or(ENGLISH)
}

/// A query that is parsed anew whenever it is run.
#[derive(Debug)]
pub(crate) struct Anew<'q, Inner>(pub(crate) &'q Inner);

impl<Inner: QueryFragment<Pg>> QueryFragment<Pg> for Anew<'_, Inner> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.unsafe_to_cache_prepared();
        self.0.walk_ast(pass)
    }
}

impl<Inner> QueryId for Anew<'_, Inner> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Inner: Query> Query for Anew<'_, Inner> {
    type SqlType = Inner::SqlType;
}

/// A statement to be run in place of one that turns out to be stale.
pub(crate) struct Again<'a, Answer> {
    statement: BoxFuture<'a, QueryResult<Answer>>,
    whole: Whole<Answer>,
    connection: &'a AsyncPgConnection,
    in_flight: InFlight,
    /// [`Self::run`] for this answer: bounds of the answer here would be bounds of every future that runs statements.
    run: fn(Self) -> BoxFuture<'a, QueryResult<Answer>>,
}

impl<'a, Answer> Again<'a, Answer> {
    /// Runs it, in a transaction: what it was parsed for stays as it is until it has run. A connection on which it is given
    /// up in between counts as one with a statement under way.
    pub(crate) fn start(self) -> BoxFuture<'a, QueryResult<Answer>> {
        (self.run)(self)
    }
}

/// Waits for what is still on its way of what a statement gives.
pub(crate) type Whole<Answer> = fn(Answer) -> BoxFuture<'static, QueryResult<Answer>>;

/// A number is here as a whole.
pub(crate) fn whole_count(count: usize) -> BoxFuture<'static, QueryResult<usize>> {
    ready(Ok(count)).boxed()
}

/// Rows come one by one.
pub(crate) fn whole_rows(rows: BareRows) -> BoxFuture<'static, QueryResult<BareRows>> {
    let rows = rows.try_collect::<Vec<_>>();
    rows.map_ok(|rows| stream::iter(rows).map(Ok).boxed())
        .boxed()
}

impl<'a, Answer: Send + 'a> Again<'a, Answer> {
    /// The statement that `make` gives, parsed anew and not sent yet.
    pub(crate) fn of(
        connection: &'a AsyncPgConnection,
        in_flight: &InFlight,
        whole: Whole<Answer>,
        make: impl FnOnce() -> BoxFuture<'a, QueryResult<Answer>>,
    ) -> Self {
        Self {
            statement: in_flight.unsent(make),
            whole,
            connection,
            in_flight: in_flight.clone(),
            run: Self::run,
        }
    }

    fn run(self) -> BoxFuture<'a, QueryResult<Answer>> {
        let Self {
            statement,
            whole,
            mut connection,
            in_flight,
            ..
        } = self;
        let run = async move {
            in_flight.send();
            connection.batch_execute("BEGIN").await?;
            in_flight.send();
            let done = match statement.await {
                Ok(answer) => whole(answer).await,
                Err(error) => Err(error),
            };
            let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
            connection.batch_execute(end).await?;
            in_flight.answer();
            done
        };
        run.boxed()
    }
}

impl<Answer> fmt::Debug for Again<'_, Answer> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Again")
    }
}
