//! Tells the end of a connection from the failure of a statement, where Diesel does not.
//!
//! A server that ends a session says so first, in an error like that of a statement (`57P01`). Diesel passes it on without
//! its SQLSTATE, and its words are in the server's language. So whoever gets an error without a name asks whether the
//! session is still there: a round trip that only failures cost. A statement that was refused since it is stale is run again
//! (`repetition.rs`).

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use diesel::QueryResult;
use diesel::result::{DatabaseErrorKind, Error};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_util::future::BoxFuture;
use futures_util::stream::Stream;
use futures_util::{FutureExt, StreamExt};

use super::Conn;
use super::refusal::Refusal;
use super::repetition::{BareRows, Repetition, Row};

/// The number of rows that a statement under way is about.
pub type Count<'a> = Outcome<'a, usize, usize>;

/// The rows that a statement under way finds.
pub type Load<'a> = Outcome<'a, BareRows, Rows<'a>>;

/// A statement under way.
pub struct Outcome<'a, Answer, Value> {
    statement: BoxFuture<'a, QueryResult<Answer>>,
    again: Option<Repetition<'a, Answer>>,
    is_stale: &'a AtomicBool,
    value: fn(Answer, &'a AsyncPgConnection) -> Value,
    doubt: Doubt<'a>,
}

/// The rows of a result.
pub struct Rows<'a> {
    rows: BareRows,
    doubt: Doubt<'a>,
}

/// A connection, and an error of it that may have been its last.
struct Doubt<'a> {
    connection: &'a AsyncPgConnection,
    asking: Option<BoxFuture<'a, Error>>,
}

impl<'a> Count<'a> {
    /// How many rows the statement is about.
    pub(crate) fn of<R>(
        statement: BoxFuture<'a, QueryResult<usize>>,
        again: Option<Repetition<'a, usize>>,
        conn: &'a Conn<R>,
    ) -> Self {
        Self {
            statement,
            again,
            is_stale: &conn.is_stale,
            value: |count, _| count,
            doubt: Doubt::of(&conn.connection),
        }
    }
}

impl<'a> Load<'a> {
    /// The rows of the statement.
    pub(crate) fn of<R>(
        statement: BoxFuture<'a, QueryResult<BareRows>>,
        again: Option<Repetition<'a, BareRows>>,
        conn: &'a Conn<R>,
    ) -> Self {
        Self {
            statement,
            again,
            is_stale: &conn.is_stale,
            value: |rows, connection| Rows {
                rows,
                doubt: Doubt::of(connection),
            },
            doubt: Doubt::of(&conn.connection),
        }
    }
}

impl<Answer, Value> Future for Outcome<'_, Answer, Value> {
    type Output = QueryResult<Value>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        while !self.doubt.is_raised() {
            match ready!(self.statement.poll_unpin(context)) {
                Ok(answer) => {
                    return Poll::Ready(Ok((self.value)(answer, self.doubt.connection)));
                }
                Err(error) if Refusal::of(&error) == Some(Refusal::Stale) => {
                    self.is_stale.store(true, Ordering::Relaxed);
                    match self.again.take() {
                        Some(again) => self.statement = again.start(),
                        None => return Poll::Ready(Err(error)),
                    }
                }
                Err(error) if is_nameless(&error) => self.doubt.raise(error),
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        self.doubt.settle(context).map(Err)
    }
}

impl Stream for Rows<'_> {
    type Item = QueryResult<Row>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if !self.doubt.is_raised() {
            match ready!(self.rows.poll_next_unpin(context)) {
                Some(Err(error)) if is_nameless(&error) => self.doubt.raise(error),
                row => return Poll::Ready(row),
            }
        }
        self.doubt.settle(context).map(|error| Some(Err(error)))
    }
}

impl<'a> Doubt<'a> {
    fn of(connection: &'a AsyncPgConnection) -> Self {
        Self {
            connection,
            asking: None,
        }
    }

    fn is_raised(&self) -> bool {
        self.asking.is_some()
    }

    fn raise(&mut self, error: Error) {
        self.asking = Some(diagnose(error, self.connection).boxed());
    }

    fn settle(&mut self, context: &mut Context<'_>) -> Poll<Error> {
        let Some(asking) = &mut self.asking else {
            return Poll::Pending;
        };
        let error = ready!(asking.poll_unpin(context));
        self.asking = None;
        Poll::Ready(error)
    }
}

/// The error itself where the session is still there, and `ClosedConnection` with the same information where it has ended.
pub(crate) async fn diagnose(error: Error, mut connection: &AsyncPgConnection) -> Error {
    match error {
        Error::DatabaseError(DatabaseErrorKind::Unknown, information) => {
            // An empty query does nothing, in a transaction that failed as well as in none.
            let kind = match connection.batch_execute("").await {
                Ok(()) => DatabaseErrorKind::Unknown,
                Err(_) => DatabaseErrorKind::ClosedConnection,
            };
            Error::DatabaseError(kind, information)
        }
        error => error,
    }
}

/// Whether the error of a statement, as connections give it, says that the session is gone.
pub fn is_session_end(error: &Error) -> bool {
    matches!(
        error,
        Error::DatabaseError(
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand,
            _
        )
    )
}

fn is_nameless(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(DatabaseErrorKind::Unknown, _))
}

impl<Answer, Value> fmt::Debug for Outcome<'_, Answer, Value> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Outcome")
    }
}

impl fmt::Debug for Rows<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Rows")
    }
}
