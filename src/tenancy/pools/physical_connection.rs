//! A physical connection: the database session, and what is known of it.

use connection::{PlatformConn, outcome};
use diesel::result::Error;
use diesel_async::{AsyncConnection, AsyncPgConnection};

use super::connection_record::{ConnectionRecord, LeaseTerms};
use super::counters::CloseReason;
use crate::config::Isolation;

/// A database connection and what is known of it.
pub(super) struct PhysicalConnection {
    /// The session.
    pub(super) connection: AsyncPgConnection,
    /// What is known of it.
    pub(super) record: ConnectionRecord,
}

/// What became of binding a connection.
#[derive(Debug)]
pub(super) enum BindOutcome {
    /// It is bound.
    Yes(PhysicalConnection),
    /// The server refuses. What is left of the connection, if anything, is fit for others.
    Refused(Option<PhysicalConnection>, Error),
    /// The connection was gone.
    Lost(Error),
}

impl PhysicalConnection {
    /// Takes a connection that was just opened.
    pub(super) fn new(connection: PlatformConn, record: ConnectionRecord) -> Self {
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
    pub(super) async fn bind(self, terms: LeaseTerms, isolation: Isolation) -> BindOutcome {
        let Self {
            connection,
            mut record,
        } = self;
        if record.terms == terms {
            return BindOutcome::Yes(Self { connection, record });
        }
        let conn = PlatformConn::assume(connection);
        let done = conn.batch(&record.terms.message(&terms, isolation)).await;
        let connection = conn.into_inner();
        match done {
            Ok(()) => {
                record.bound_to(terms);
                BindOutcome::Yes(Self { connection, record })
            }
            Err(error) if outcome::is_session_end(&error) => BindOutcome::Lost(error),
            Err(error) => BindOutcome::Refused(Some(Self { connection, record }), error),
        }
    }

    /// Begins a transaction that is bound as asked, in one message. A connection on which that fails is closed.
    #[expect(
        clippy::disallowed_methods,
        reason = "the message that is sent on it binds it"
    )]
    pub(super) async fn begin(self, terms: &LeaseTerms, isolation: Isolation) -> BindOutcome {
        let Self { connection, record } = self;
        let opening = terms.binding.opening(isolation, terms.statement_timeout);
        let mut conn = PlatformConn::assume(connection);
        match conn.begin_with(&opening).await {
            Ok(()) => {
                record.counters.binds.up();
                let connection = conn.into_inner();
                BindOutcome::Yes(Self { connection, record })
            }
            Err(error) if outcome::is_session_end(&error) => BindOutcome::Lost(error),
            Err(error) => BindOutcome::Refused(None, error),
        }
    }

    /// Closes the connection.
    pub(super) fn close(mut self, reason: CloseReason) {
        self.record.blame(reason);
    }
}

impl std::fmt::Debug for PhysicalConnection {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "connection on {:?}", self.record.terms)
    }
}
