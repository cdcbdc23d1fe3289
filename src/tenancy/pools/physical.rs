//! A physical connection: the database session, and what is known of it.

use connection::{PlatformConn, ending};
use diesel::result::Error;
use diesel_async::{AsyncConnection, AsyncPgConnection};

use super::counters::Reason;
use super::record::{Record, Terms};
use crate::config::Isolation;

/// A database connection and what is known of it.
pub(super) struct Physical {
    /// The session.
    pub(super) connection: AsyncPgConnection,
    /// What is known of it.
    pub(super) record: Record,
}

/// What became of binding a connection.
#[derive(Debug)]
pub(super) enum Bound {
    /// It is bound.
    Yes(Physical),
    /// The server refuses. What is left of the connection, if anything, is fit for others.
    Refused(Option<Physical>, Error),
    /// The connection was gone.
    Lost(Error),
}

impl Physical {
    /// Takes a connection that was just opened.
    pub(super) fn new(connection: PlatformConn, record: Record) -> Self {
        let mut connection = connection.into_inner();
        connection.set_instrumentation(record.in_flight.clone());
        Self { connection, record }
    }

    /// Whether the server still holds the connection, as far as is known without asking it.
    pub(super) fn is_open(&mut self) -> bool {
        connection::is_open(&mut self.connection)
    }

    /// Binds the session in one message, unless it is bound as asked.
    ///
    /// PostgreSQL runs the statements of one message in one transaction, so what it refuses leaves the binding as it was
    /// (manual, 55.2.2.1, "Multiple Statements in a Simple Query").
    #[expect(
        clippy::disallowed_methods,
        reason = "the message that is sent on it binds it"
    )]
    pub(super) async fn bind(self, terms: Terms, isolation: Isolation) -> Bound {
        let Self {
            connection,
            mut record,
        } = self;
        if record.terms == terms {
            return Bound::Yes(Self { connection, record });
        }
        let conn = PlatformConn::assume(connection);
        let done = conn.batch(&record.terms.message(&terms, isolation)).await;
        let connection = conn.into_inner();
        match done {
            Ok(()) => {
                record.bound_to(terms);
                Bound::Yes(Self { connection, record })
            }
            Err(error) if ending::is_end(&error) => Bound::Lost(error),
            Err(error) => Bound::Refused(Some(Self { connection, record }), error),
        }
    }

    /// Begins a transaction that is bound as asked, in one message. A connection on which that fails is closed.
    #[expect(
        clippy::disallowed_methods,
        reason = "the message that is sent on it binds it"
    )]
    pub(super) async fn begin(self, terms: &Terms, isolation: Isolation) -> Bound {
        let Self { connection, record } = self;
        let opening = terms.binding.opening(isolation, terms.statement_timeout);
        let mut conn = PlatformConn::assume(connection);
        match conn.begin_with(&opening).await {
            Ok(()) => {
                record.counters.binds.up();
                let connection = conn.into_inner();
                Bound::Yes(Self { connection, record })
            }
            Err(error) if ending::is_end(&error) => Bound::Lost(error),
            Err(error) => Bound::Refused(None, error),
        }
    }

    /// Closes the connection.
    pub(super) fn close(mut self, reason: Reason) {
        self.record.blame(reason);
    }
}

impl std::fmt::Debug for Physical {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "connection on {:?}", self.record.terms)
    }
}
