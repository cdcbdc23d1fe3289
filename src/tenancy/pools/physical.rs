//! A physical connection: the database session itself, what it is bound to, and whether a statement is under way on it.

use std::time::Duration;

use connection::PlatformConn;
use diesel_async::{AnsiTransactionManager, AsyncConnection, AsyncPgConnection};

use super::super::binding::Binding;
use super::PoolError;
use super::in_flight::InFlight;
use crate::config::Isolation;

/// A database connection, what it is bound to, and whether a statement is under way on it.
pub(super) struct Physical {
    /// The session.
    pub(super) connection: AsyncPgConnection,
    /// What it is bound to.
    pub(super) binding: Binding,
    /// Statements sent and not yet answered.
    pub(super) in_flight: InFlight,
}

impl Physical {
    /// Takes a connection that was just opened.
    pub(super) fn new(connection: PlatformConn) -> Self {
        let in_flight = InFlight::default();
        let mut connection = connection.into_inner();
        connection.set_instrumentation(in_flight.clone());
        Self {
            connection,
            binding: Binding::Platform,
            in_flight,
        }
    }

    /// Binds the connection. One that cannot be bound is closed.
    ///
    /// # Errors
    /// `Bind` when the tenant's role or schema is gone, or the connection is.
    #[expect(
        clippy::disallowed_methods,
        reason = "the message that is sent on it binds it"
    )]
    pub(super) async fn bind(
        self,
        binding: Binding,
        isolation: Isolation,
    ) -> Result<Self, PoolError> {
        if self.binding == binding {
            return Ok(self);
        }
        let conn = PlatformConn::assume(self.connection);
        conn.batch(&binding.message(isolation))
            .await
            .map_err(PoolError::Bind)?;
        Ok(Self {
            connection: conn.into_inner(),
            binding,
            in_flight: self.in_flight,
        })
    }
}

impl Physical {
    /// Begins a transaction that is bound as asked, in one message. A connection on which that fails is closed.
    ///
    /// # Errors
    /// `Bind` when the tenant's role or schema is gone, or the connection is.
    pub(super) async fn begin(
        mut self,
        binding: Binding,
        isolation: Isolation,
        statement_timeout: Duration,
    ) -> Result<Self, PoolError> {
        let opening = binding.opening(isolation, statement_timeout);
        AnsiTransactionManager::begin_transaction_sql(&mut self.connection, &opening)
            .await
            .map_err(PoolError::Bind)?;
        Ok(Self { binding, ..self })
    }
}

impl std::fmt::Debug for Physical {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "connection bound to {:?}", self.binding)
    }
}
