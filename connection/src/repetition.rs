//! Prepared statements whose result has changed since, and statements that are run again for that reason.
//!
//! PostgreSQL checks a prepared statement anew when a table of it has changed or the path is another one, and refuses to run
//! it if its result then has other types: "cached plan must not change result type" (`0A000`, `RevalidateCachedQuery` in
//! `plancache.c`). Nothing was run then. Parsed anew, it runs.

use std::fmt;

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel_async::{AsyncConnectionCore, AsyncPgConnection, SimpleAsyncConnection};
use futures_util::future::{BoxFuture, ready};
use futures_util::stream::BoxStream;
use futures_util::{FutureExt, StreamExt, TryFutureExt, TryStreamExt, stream};

use super::InFlight;

/// A row of a result.
pub(crate) type Row = <AsyncPgConnection as AsyncConnectionCore>::Row<'static, 'static>;

/// The rows of a result as Diesel reads them.
pub(crate) type BareRows = BoxStream<'static, QueryResult<Row>>;

/// A query that is parsed anew whenever it is run.
#[derive(Debug)]
pub(crate) struct UncachedQuery<'q, Inner>(pub(crate) &'q Inner);

impl<Inner: QueryFragment<Pg>> QueryFragment<Pg> for UncachedQuery<'_, Inner> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.unsafe_to_cache_prepared();
        self.0.walk_ast(pass)
    }
}

impl<Inner> QueryId for UncachedQuery<'_, Inner> {
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Inner: Query> Query for UncachedQuery<'_, Inner> {
    type SqlType = Inner::SqlType;
}

/// A statement to be run in place of one that turns out to be stale.
pub(crate) struct Repetition<'a, Answer> {
    statement: BoxFuture<'a, QueryResult<Answer>>,
    whole: Whole<Answer>,
    connection: &'a AsyncPgConnection,
    in_flight: InFlight,
    /// [`Self::run`] for this answer: bounds of the answer here would be bounds of every future that runs statements.
    run: fn(Self) -> BoxFuture<'a, QueryResult<Answer>>,
}

impl<'a, Answer> Repetition<'a, Answer> {
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

impl<'a, Answer: Send + 'a> Repetition<'a, Answer> {
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

impl<Answer> fmt::Debug for Repetition<'_, Answer> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Repetition")
    }
}
